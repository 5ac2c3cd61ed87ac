//! Cursors: where a list went on, opaque to callers and checked when they come back.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use uuid::Uuid;

use super::StoreError;

/// The last row of a page: in which list, under which sort key, which row.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Cursor<'a> {
    pub(super) list: &'a str,
    pub(super) key: String,
    pub(super) id: Uuid,
}

impl<'a> Cursor<'a> {
    pub(super) fn encode(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(format!("{} {} {}", self.list, self.id, self.key))
    }

    /// Reads a cursor of `list`.
    pub(super) fn decode(text: &str, list: &'a str) -> Result<Self, StoreError> {
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(text).map_err(|_| StoreError::BadCursor)?;
        let plain = String::from_utf8(bytes).map_err(|_| StoreError::BadCursor)?;
        let mut parts = plain.splitn(3, ' ');
        let (Some(found), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(StoreError::BadCursor);
        };
        let id = id.parse().map_err(|_| StoreError::BadCursor)?;
        if found == list { Ok(Self { list, key: key.to_owned(), id }) } else { Err(StoreError::BadCursor) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_to_its_own_list_only() {
        let cursor = Cursor { list: "due", key: "2026-01-31".to_owned(), id: Uuid::from_u128(5) };
        assert_eq!(Cursor::decode(&cursor.encode(), "due"), Ok(cursor));
        let cursor = Cursor { list: "due", key: String::new(), id: Uuid::from_u128(5) };
        assert_eq!(Cursor::decode(&cursor.encode(), "received"), Err(StoreError::BadCursor));
    }

    #[rstest::rstest]
    #[case("")]
    #[case("!!")]
    #[case("ZHVl")]
    #[case("ZHVlIHggeQ")]
    #[case("_w")]
    fn anything_else_is_refused(#[case] text: &str) {
        assert_eq!(Cursor::decode(text, "due"), Err(StoreError::BadCursor));
    }
}
