//! A row's fingerprint: two rows have the same one only when every value of theirs is the same.

use aws_lc_rs::digest::{Context, SHA256};

/// SHA-256 over the values of a row, each with its length, NULL told from the empty text.
pub(in crate::fulfilment) fn of<'v>(values: impl Iterator<Item = Option<&'v str>>) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for value in values {
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
pub(in crate::fulfilment) fn hex<'v>(values: impl Iterator<Item = Option<&'v str>>) -> String {
    of(values).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn different_rows_differ(a: Vec<Option<String>>, b: Vec<Option<String>>) {
            let print = |values: &[Option<String>]| of(values.iter().map(Option::as_deref));
            proptest::prop_assert_eq!(print(&a) == print(&b), a == b);
        }
    }
}
