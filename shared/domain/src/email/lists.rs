//! The lists under `data/`, searched where they lie: nothing is built at start.

/// Sorted lines of ASCII, each ended by a newline. `scripts/refresh-domain-lists.py` writes them so, and a test
/// holds them to it.
pub(super) struct SortedLines(&'static str);

pub(super) static DISPOSABLE_DOMAINS: SortedLines =
    SortedLines(include_str!("../../data/disposable-domains.txt"));
pub(super) static FREE_DOMAINS: SortedLines =
    SortedLines(include_str!("../../data/free-domains.txt"));
pub(super) static RELAY_DOMAINS: SortedLines =
    SortedLines(include_str!("../../data/relay-domains.txt"));
pub(super) static ROLE_LOCAL_PARTS: SortedLines =
    SortedLines(include_str!("../../data/role-local-parts.txt"));

impl SortedLines {
    /// Binary search over byte offsets: each probe moves back to the start of the line it fell into.
    pub(super) fn contains(&self, wanted: &str) -> bool {
        let bytes = self.0.as_bytes();
        let wanted = wanted.as_bytes();
        let (mut low, mut high) = (0, bytes.len());
        while low < high {
            let middle = low + (high - low) / 2;
            let start = bytes[low..middle]
                .iter()
                .rposition(|&byte| byte == b'\n')
                .map_or(low, |newline| low + newline + 1);
            let end = bytes[middle..]
                .iter()
                .position(|&byte| byte == b'\n')
                .map_or(bytes.len(), |newline| middle + newline);
            match bytes[start..end].cmp(wanted) {
                std::cmp::Ordering::Equal => return true,
                std::cmp::Ordering::Less => low = end + 1,
                std::cmp::Ordering::Greater => high = start,
            }
        }
        false
    }

    #[cfg(test)]
    pub(super) fn text(&self) -> &'static str {
        self.0
    }
}

/// Looks the domain up, then its parents down to the registrable domain: what lies above is shared by strangers.
pub(super) fn contains_domain_or_parent(list: &SortedLines, domain: &str) -> bool {
    if list.contains(domain) {
        return true;
    }
    let Some(registrable) = psl::domain_str(domain) else {
        return false;
    };
    let mut rest = domain;
    while rest.len() > registrable.len() {
        let Some((_, parent)) = rest.split_once('.') else {
            return false;
        };
        if list.contains(parent) {
            return true;
        }
        rest = parent;
    }
    false
}
