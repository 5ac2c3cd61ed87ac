//! The letter that tells that what was kept for a time after a deletion is deleted now.

use askama::Template;
use chrono::NaiveDate;

use super::{Concerning, Erased};
use crate::domain::right::Right;

/// What was kept for a time is deleted, whole or in part.
#[derive(Template)]
#[template(path = "mail/en/erased_later.txt")]
pub struct ErasedLater<'a> {
    /// The request.
    pub about: Concerning<'a>,
    /// The day.
    pub on: NaiveDate,
    /// What was deleted, by collection.
    pub results: &'a [Erased<'a>],
    /// What is still kept, and why.
    pub still: &'a [Erased<'a>],
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::letters::tests::{about, day, shown};

    const NOTHING: Erased<'static> = Erased { collection: "", deleted: 0, masked: 0, kept: 0, why_kept: None };

    #[test]
    fn the_last_of_it_is_deleted() {
        let results = [
            Erased { collection: "orders", deleted: 2, ..NOTHING },
            Erased { collection: "customers", deleted: 1, ..NOTHING },
        ];
        let letter = ErasedLater { about: about(Right::Deletion), on: day(12, 31), results: &results, still: &[] };
        insta::assert_snapshot!(shown(&letter), @"
        The rest of your data was deleted (DSR-7K2M-94QX)
        ====
        Hello Ada Lovelace,

        this is about your request DSR-7K2M-94QX to Infotech for
        deletion of your personal data.

        When we answered it, we had to keep some of your data for a time. We need not keep
        the following any longer, and deleted it on 31 December 2026. You need not do anything.

        - orders: 2 rows deleted
        - customers: 1 row deleted

        Of what we kept for a time, nothing is left.

        Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

        Infotech
        ");
    }

    #[test]
    fn some_of_it_still_stays() {
        let results = [Erased { collection: "orders", deleted: 1, ..NOTHING }];
        let why_kept = Some("we must keep our books (§ 147 AO), until 2034-12-31");
        let still = [Erased { collection: "orders", kept: 3, why_kept, ..NOTHING }];
        let letter = ErasedLater { about: about(Right::Deletion), on: day(12, 31), results: &results, still: &still };
        insta::assert_snapshot!(shown(&letter), @"
        More of your data was deleted (DSR-7K2M-94QX)
        ====
        Hello Ada Lovelace,

        this is about your request DSR-7K2M-94QX to Infotech for
        deletion of your personal data.

        When we answered it, we had to keep some of your data for a time. We need not keep
        the following any longer, and deleted it on 31 December 2026. You need not do anything.

        - orders: 1 row deleted

        We still have to keep these, and delete them when we may:

        - orders: 3 rows
          Kept because: we must keep our books (§ 147 AO), until 2034-12-31

        Questions? Write to privacy@infotech.example and name the number DSR-7K2M-94QX.

        Infotech
        ");
    }
}
