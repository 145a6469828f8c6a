//! What of a vendor's contract can never apply: prices and caps that another one comes before, and those of leads that the
//! contract refuses anyway. It says nothing that it cannot show.

use super::findings::Findings;
use super::implication::{implies, is_comparable, is_covered, never_holds};
use super::tree::Path;
use crate::condition::{All, Condition};
use crate::config::{Cap, Vendor};

/// Checks prices, caps and limits of pings.
pub(super) fn check(vendor: &Vendor, path: &Path, findings: &mut Findings<'_>) {
    prices(vendor, &path.key("prices"), findings);
    caps(vendor, &vendor.caps, &path.key("caps"), findings);
    if let Some(ping) = &vendor.ping {
        let path = path.key("ping").key("limits");
        caps(vendor, &ping.limits, &path, findings);
    }
}

fn prices(vendor: &Vendor, path: &Path, findings: &mut Findings<'_>) {
    let mut earlier: Vec<&Condition> = Vec::new();
    for (index, rule) in vendor.prices.iter().enumerate() {
        let path = path.index(index).key("when");
        if !is_sound(&rule.when) || findings.is_incomplete(&path) {
            continue;
        }
        if let Some(reason) = refused(vendor, &rule.when, None) {
            findings.warning(
                &path,
                "never_applies",
                format!("nothing is ever bought at this price: {reason}; remove it, or change its `when`"),
            );
        } else if is_covered(&rule.when, &earlier) {
            findings.warning(
                &path,
                "never_applies",
                "nothing is ever bought at this price, since the first price that holds counts and one before it holds for all of these leads: move this one before, or change its `when`",
            );
        }
        earlier.push(&rule.when);
    }
}

fn caps(vendor: &Vendor, caps: &[Cap], path: &Path, findings: &mut Findings<'_>) {
    for (index, cap) in caps.iter().enumerate() {
        let path = path.index(index);
        if let Some(when) = &cap.when {
            if !is_sound(when) || findings.is_incomplete(&path.key("when")) {
                continue;
            }
            if let Some(reason) = refused(vendor, when, Some(cap)) {
                findings.warning(
                    &path.key("when"),
                    "never_applies",
                    format!(
                        "nothing is ever counted here: {reason}; remove this, or change its `when`"
                    ),
                );
                continue;
            }
        }
        if let Some(other) = caps
            .iter()
            .enumerate()
            .find(|(place, other)| is_reached_before((*place, *other), (index, cap)))
        {
            findings.warning(
                &path.key("maximum"),
                "never_reached",
                format!(
                    "`{}` of the same time counts all of these leads and is always reached before: remove one of the two, or change a `when`",
                    other.1.name
                ),
            );
        }
    }
}

/// Why no lead of `when` is bought, if that can be shown. A cap is not compared with itself.
fn refused(vendor: &Vendor, when: &Condition, of: Option<&Cap>) -> Option<String> {
    for criterion in &vendor.criteria {
        if !is_sound(&criterion.must) {
            continue;
        }
        let both = Condition::All(All {
            all: vec![when.clone(), criterion.must.clone()],
        });
        if never_holds(&both).is_some() {
            return Some(format!(
                "the criterion `{}` refuses all of these leads",
                criterion.name
            ));
        }
    }
    let closed = vendor.caps.iter().find(|cap| {
        let is_itself = of.is_some_and(|of| std::ptr::eq(of, *cap));
        cap.maximum == 0
            && !is_itself
            && cap
                .when
                .as_ref()
                .is_some_and(|closed| is_sound(closed) && implies(when, closed))
    })?;
    // Of two that close the same door the first stands, else each would say that the other makes it needless.
    let comes_later = of.is_some_and(|of| of.maximum == 0)
        && vendor.caps.iter().position(|cap| std::ptr::eq(cap, closed))
            > vendor
                .caps
                .iter()
                .position(|cap| of.is_some_and(|of| std::ptr::eq(of, cap)));
    (!comes_later).then(|| format!("the cap `{}` lets none of these leads in", closed.name))
}

/// Whether every lead that `cap` counts is counted by `other`, which has less room in the same time.
fn is_reached_before(other: (usize, &Cap), cap: (usize, &Cap)) -> bool {
    let ((other_place, other), (place, cap)) = (other, cap);
    // What counts fewer leads may have less room and be reached later.
    let counts_all = match (&cap.when, &other.when) {
        (_, None) => true,
        (Some(when), Some(wider)) => is_sound(wider) && implies(when, wider),
        (None, Some(_)) => false,
    };
    other_place != place
        && other.name != cap.name
        && other.per == cap.per
        && other.timezone == cap.timezone
        && counts_all
        && (other.maximum, other_place) < (cap.maximum, place)
}

/// Whether anything can be said of it: it is not too large, and has not been reported as never holding.
fn is_sound(condition: &Condition) -> bool {
    is_comparable(condition) && never_holds(condition).is_none()
}
