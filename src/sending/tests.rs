//! What is sent to at all, and what is tried again.

use super::*;
use crate::signing::KeySet;

fn sender(allow: &[&str]) -> Sender {
    let signer = Signer::new(&[7; 32], KeySet { keys: Vec::new() });
    Sender::new(allow.iter().map(|net| net.parse().unwrap()).collect(), Authorities::default(), Arc::new(signer))
}

#[rstest::rstest]
#[case("https://intake.example/habeas?for=1", Ok("intake.example"))]
#[case(" https://INTAKE.example:443 ", Ok("intake.example"))]
#[case("https://1.1.1.1/", Ok("1.1.1.1"))]
#[case("Example Call Centre Inc.", Err(AddressError::NotHttps))]
#[case("http://intake.example/", Err(AddressError::NotHttps))]
#[case("ftp://intake.example/", Err(AddressError::NotHttps))]
#[case("https://", Err(AddressError::NotHttps))]
#[case("https://ada:secret@intake.example/", Err(AddressError::Credentials))]
#[case("https://ada@intake.example/", Err(AddressError::Credentials))]
#[case("https://intake.example/#box", Err(AddressError::Fragment))]
#[case("https://intake.example:8443/", Err(AddressError::Port))]
#[case("https://127.0.0.1/", Err(AddressError::Inside("this machine")))]
#[case("https://0x7f.1/", Err(AddressError::Inside("this machine")))]
#[case("https://2130706433/", Err(AddressError::Inside("this machine")))]
#[case("https://0177.0.0.1/", Err(AddressError::Inside("this machine")))]
#[case("https://169.254.169.254/latest/meta-data", Err(AddressError::Inside("the local link")))]
#[case("https://[::1]/", Err(AddressError::Inside("this machine")))]
#[case("https://[::ffff:10.0.0.1]/", Err(AddressError::Inside("a private network")))]
#[case("https://[fd00::1]/", Err(AddressError::Inside("a private network")))]
fn an_address_is_told_from_what_is_none(#[case] text: &str, #[case] expected: Result<&str, AddressError>) {
    let read = sender(&[]).destination(text);
    assert_eq!(read.as_ref().map(Destination::host).map_err(|e| *e), expected);
}

#[test]
fn a_name_is_judged_by_what_it_stands_for() {
    let to = sender(&[]).destination("https://localhost/").unwrap();
    let refused = sender(&[]).look_up(&to);
    assert_eq!(refused, Err(SendError::Address(AddressError::Inside("this machine"))));
    assert!(sender(&["127.0.0.0/8", "::1/128"]).look_up(&to).is_ok());
    let nowhere = sender(&[]).destination("https://nobody.invalid/").unwrap();
    assert_eq!(sender(&[]).look_up(&nowhere), Err(SendError::Unresolved));
}

#[test]
fn a_destination_is_not_printed() {
    let to = sender(&[]).destination("https://intake.example/ada").unwrap();
    assert_eq!(format!("{to:?}"), "Destination([personal])");
}

#[rstest::rstest]
#[case(SendError::Answered(400), true)]
#[case(SendError::Answered(403), true)]
#[case(SendError::Answered(410), true)]
#[case(SendError::Answered(408), false)]
#[case(SendError::Answered(425), false)]
#[case(SendError::Answered(429), false)]
#[case(SendError::Answered(500), false)]
#[case(SendError::Answered(503), false)]
#[case(SendError::Redirected(307), true)]
#[case(SendError::Address(AddressError::Inside("this machine")), true)]
#[case(SendError::Unresolved, false)]
#[case(SendError::Unreachable, false)]
#[case(SendError::TimedOut, false)]
#[case(SendError::BrokenOff, false)]
fn only_what_can_pass_is_tried_again(#[case] error: SendError, #[case] is_final: bool) {
    assert_eq!(error.is_final(), is_final);
}
