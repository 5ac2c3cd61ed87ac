//! stub
use super::*;
pub fn plan(_: &Office, _: &crate::domain::request::Request) -> Result<crate::fulfilment::plan::Plan, Error> {
    todo!()
}
