//! What the person is told of the company to which they wanted their package sent.

use super::{LetterError, day};
use crate::domain::request::{Fulfilment, Request, Transmission};
use crate::domain::right::Right;
use crate::usecases::Office;
use chrono::NaiveDate;

/// One paragraph; none where nobody was named, or there is no package.
pub(super) fn said(office: &Office, request: &Request, result: &Fulfilment) -> Result<Option<String>, LetterError> {
    let named = request.particulars.transmit_to.as_ref().filter(|_| request.right == Right::Portability);
    let (Some(to), Some(_)) = (named, &result.package) else { return Ok(None) };
    let sent_on = match &result.transmission {
        Some(Transmission::Sent { at, .. }) => Some(day(office, request, *at)?),
        _ => None,
    };
    Ok(Some(words(to.expose(), result.transmission.as_ref(), sent_on)))
}

fn words(to: &str, transmission: Option<&Transmission>, sent_on: Option<NaiveDate>) -> String {
    match (transmission, sent_on) {
        (Some(Transmission::Sent { .. }), Some(day)) => format!(
            "As you asked, we sent the same package to {to}\non {}, and it was taken there. For that copy,\nplease turn \
             to them.",
            day.format("%-d %B %Y")
        ),
        (Some(Transmission::ByHand), _) => format!(
            "You asked us to send the package to {to} as well.\nThat is no address to which our server can send. If we \
             get it there in another\nway, we tell you. You can also pass your copy on yourself."
        ),
        (Some(Transmission::Failed { .. }), _) => format!(
            "You asked us to send the package to {to} as well.\nWe tried, and it was not taken there. You can pass your \
             copy on yourself."
        ),
        _ => format!(
            "You asked us to send the package to {to} as well.\nWe did not: it goes to you alone. You can pass your copy \
             on yourself, and ask us\nfor the reasons."
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(transmission: Option<Transmission>) -> String {
        let day =
            NaiveDate::from_ymd_opt(2026, 11, 22).filter(|_| matches!(transmission, Some(Transmission::Sent { .. })));
        words("https://intake.example/habeas", transmission.as_ref(), day)
    }

    #[test]
    fn each_end_is_told_as_it_was() {
        let at = chrono::DateTime::from_timestamp(0, 0).unwrap();
        insta::assert_snapshot!(shown(Some(Transmission::Sent { at, host: None })), @"
        As you asked, we sent the same package to https://intake.example/habeas
        on 22 November 2026, and it was taken there. For that copy,
        please turn to them.
        ");
        insta::assert_snapshot!(shown(Some(Transmission::Failed { at, reason: "it answered 410".into() })), @"
        You asked us to send the package to https://intake.example/habeas as well.
        We tried, and it was not taken there. You can pass your copy on yourself.
        ");
        insta::assert_snapshot!(shown(Some(Transmission::ByHand)), @"
        You asked us to send the package to https://intake.example/habeas as well.
        That is no address to which our server can send. If we get it there in another
        way, we tell you. You can also pass your copy on yourself.
        ");
        insta::assert_snapshot!(shown(None), @"
        You asked us to send the package to https://intake.example/habeas as well.
        We did not: it goes to you alone. You can pass your copy on yourself, and ask us
        for the reasons.
        ");
    }
}
