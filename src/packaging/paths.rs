//! Names from a company's dataset made into paths that stay inside the package on every operating system.

use std::collections::HashSet;

/// The longest a name may be within a path, in characters.
const LONGEST: usize = 80;

/// Names that Windows keeps for devices, with or without an extension.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "conin$", "conout$"];

/// Gives each collection a path of its own.
#[derive(Default)]
pub(super) struct Paths {
    /// In lower case, since some file systems do not tell the cases apart.
    taken: HashSet<String>,
}

impl Paths {
    /// The path of a collection below `data/` and `spreadsheet/`, without extension: `crm/customers`.
    pub fn stem(&mut self, dataset: &str, collection: &str) -> String {
        let stem = format!("{}/{}", safe(dataset), safe(collection));
        let mut unique = stem.clone();
        let mut number = 2;
        while !self.taken.insert(unique.to_lowercase()) {
            unique = format!("{stem}-{number}");
            number += 1;
        }
        unique
    }
}

/// A single path segment: letters, digits, `-`, `_` and single dots inside; never empty, hidden or a device.
fn safe(name: &str) -> String {
    let mut safe = String::new();
    for c in name.chars().take(LONGEST) {
        let keep = c.is_alphanumeric() || matches!(c, '-' | '_') || (c == '.' && !safe.is_empty());
        let doubled = c == '.' && safe.ends_with('.');
        safe.push(if keep && !doubled { c } else { '_' });
    }
    while safe.ends_with('.') {
        safe.pop();
    }
    if safe.is_empty() || is_device(&safe) { format!("_{safe}") } else { safe }
}

fn is_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let numbered = ["com", "lpt"].iter().any(|d| stem.strip_prefix(d).is_some_and(|n| n.chars().count() == 1));
    numbered || DEVICES.contains(&stem.as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[rstest::rstest]
    #[case("customers", "customers")]
    #[case("public.orders", "public.orders")]
    #[case("клиенты", "клиенты")]
    #[case("../../etc/passwd", "_._.__etc_passwd")]
    #[case("..", "_")]
    #[case("/etc", "_etc")]
    #[case(r"C:\temp", "C__temp")]
    #[case(".hidden.", "_hidden")]
    #[case("a\nb\0c\u{202e}", "a_b_c_")]
    #[case("NUL.txt", "_NUL.txt")]
    #[case("com1", "_com1")]
    #[case("", "_")]
    fn a_hostile_name_stays_inside(#[case] name: &str, #[case] expected: &str) {
        assert_eq!(safe(name), expected);
    }

    #[test]
    fn names_that_fold_together_stay_apart() {
        let mut paths = Paths::default();
        assert_eq!(paths.stem("crm", "Orders"), "crm/Orders");
        assert_eq!(paths.stem("crm", "orders"), "crm/orders-2");
        assert_eq!(paths.stem("crm", "orders-2"), "crm/orders-2-2");
        assert_eq!(paths.stem("a/b", "x"), "a_b/x");
        assert_eq!(paths.stem("a:b", "x"), "a_b/x-2");
    }

    proptest! {
        #[test]
        fn no_name_leaves_the_package(name in any::<String>()) {
            let safe = safe(&name);
            prop_assert!(!safe.is_empty() && !safe.starts_with('.') && !safe.ends_with('.') && !safe.contains(".."));
            prop_assert!(!safe.chars().any(|c| c.is_control() || c.is_whitespace() || "/\\:*?\"<>|".contains(c)));
        }
    }
}
