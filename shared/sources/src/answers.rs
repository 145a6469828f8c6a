//! What a person or a machine answered, field by field, as the sender named it, within bounds.

use domain::submission::FieldProblem;
use jiff::Timestamp;

use crate::refusal::Unparseable;
use crate::vocabulary::Meaning;

/// Most fields of one submission. Forms have tens; more is a mistake or an attack.
pub(crate) const MAX_FIELDS: usize = 200;

/// Longest name of a field, in bytes.
pub(crate) const MAX_NAME_BYTES: usize = 200;

/// Most levels of nesting, in JSON as in bracketed and dotted names.
pub(crate) const MAX_DEPTH: usize = 16;

/// What stands in place of a file, which is not kept.
pub(crate) const FILE_DROPPED: &str = "file dropped";

/// One answer. No `Debug`: it is somebody's data.
pub(crate) struct Answer {
    /// The sender's name of the field, nested names joined by dots.
    pub(crate) name: String,
    /// The question as the person read it, where the sender says it.
    pub(crate) label: Option<String>,
    /// What the sender's own type of the field says about its meaning.
    pub(crate) hint: Option<Meaning>,
    /// The answer as text.
    pub(crate) value: String,
}

/// A name out of a question that a person reads: without dots, which would make it look nested, and not too long.
pub(crate) fn spoken_name(question: &str) -> String {
    let mut name = String::new();
    for character in question.trim().chars() {
        let character = if character == '.' { ' ' } else { character };
        if name.len() + character.len_utf8() > MAX_NAME_BYTES {
            break;
        }
        name.push(character);
    }
    name
}

/// Answers in the order in which they came, within bounds.
pub(crate) struct Answers {
    list: Vec<Answer>,
    most: usize,
}

impl Default for Answers {
    fn default() -> Self {
        Self::at_most(MAX_FIELDS)
    }
}

impl Answers {
    /// None yet, with room for so many: for senders that write several fields for one answer.
    pub(crate) fn at_most(most: usize) -> Self {
        Self {
            list: Vec::new(),
            most,
        }
    }

    /// Takes one more.
    pub(crate) fn push(&mut self, answer: Answer) -> Result<(), Unparseable> {
        let position = self.list.len() + 1;
        if position > self.most {
            return Err(Unparseable::TooManyFields { limit: self.most });
        }
        if answer.name.len() > MAX_NAME_BYTES {
            return Err(Unparseable::NameTooLong {
                position,
                limit: MAX_NAME_BYTES,
            });
        }
        if answer.name.split('.').count() > MAX_DEPTH {
            return Err(Unparseable::TooDeep { limit: MAX_DEPTH });
        }
        if answer.name.contains('\0') || answer.value.contains('\0') {
            return Err(Unparseable::Nul { position });
        }
        self.list.push(answer);
        Ok(())
    }

    /// Takes one of which only name and value are known.
    pub(crate) fn plain(
        &mut self,
        name: &str,
        value: impl Into<String>,
    ) -> Result<(), Unparseable> {
        self.push(Answer {
            name: name.to_owned(),
            label: None,
            hint: None,
            value: value.into(),
        })
    }

    /// Takes one that a person was asked in words: `name` may be the question itself.
    pub(crate) fn spoken(
        &mut self,
        name: &str,
        label: Option<&str>,
        value: impl Into<String>,
    ) -> Result<(), Unparseable> {
        self.push(Answer {
            name: spoken_name(name),
            label: label.map(str::to_owned),
            hint: None,
            value: value.into(),
        })
    }

    /// All of them, in order.
    pub(crate) fn iter(&self) -> std::slice::Iter<'_, Answer> {
        self.list.iter()
    }
}

/// What a kind of source has read, before anybody knows what it means.
#[derive(Default)]
pub(crate) struct Draft {
    /// The answers.
    pub(crate) answers: Answers,
    /// The conversation, oldest line first. It becomes part of the message; what does not fit is left out from its start.
    pub(crate) transcript: Vec<String>,
    /// The sender's own id of what it sent.
    pub(crate) external_id: Option<String>,
    /// Whether the same `external_id` may come again with more in it, each time a submission of its own.
    pub(crate) grows: bool,
    /// Whether the names of the answers are targets of `fields` in the configuration, and mean exactly that.
    pub(crate) is_mapped: bool,
    /// When the person sent it, as the sender says.
    pub(crate) submitted_at: Option<Timestamp>,
    /// The page that the request says it comes from, if no answer names one.
    pub(crate) page_url: Option<String>,
    /// Why one of several records is none: it harms only itself.
    pub(crate) unreadable: Option<FieldProblem>,
}
