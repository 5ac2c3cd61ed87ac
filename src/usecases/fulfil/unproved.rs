//! What an answer says of identifiers that somebody merely typed: rows that only such a one leads to may be another person's,
//! and not even that there are some may be told.

use std::collections::BTreeSet;

use crate::domain::identity::IdentityKind;

/// Sentences for the person; the same whether or not there are such rows.
pub(super) fn notes(identifiers: &BTreeSet<IdentityKind>) -> Vec<String> {
    let note = |kind: &IdentityKind| {
        let what = kind.words();
        format!(
            "Nothing has shown us that the {what} you gave is yours, so this answer leaves out whatever may stand under that \
             number alone. If it is yours, tell us how we can check it, and ask again."
        )
    };
    identifiers.iter().filter(|kind| **kind != IdentityKind::Email).map(note).collect()
}
