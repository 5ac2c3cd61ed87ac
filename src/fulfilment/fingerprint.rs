//! A row's fingerprint: two rows have the same one only when every value of theirs is the same.

use aws_lc_rs::digest::{Context, SHA256};

use crate::connectors::Row;

/// SHA-256 over the values of a row, each with its length, NULL told from the empty text.
pub(super) fn of(row: &Row) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for value in row.iter() {
        match value {
            None => context.update(&[0]),
            Some(text) => {
                context.update(&[1]);
                context.update(&(text.len() as u64).to_be_bytes());
                context.update(text.as_bytes());
            }
        }
    }
    context.finish().as_ref().try_into().expect("SHA-256 has 32 bytes")
}

/// The fingerprint as a manifest writes it.
pub(super) fn hex(row: &Row) -> String {
    of(row).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn different_rows_differ(a: Vec<Option<String>>, b: Vec<Option<String>>) {
            let row = |values: &[Option<String>]| values.iter().map(Option::as_deref).collect::<Row>();
            proptest::prop_assert_eq!(of(&row(&a)) == of(&row(&b)), a == b);
        }
    }
}
