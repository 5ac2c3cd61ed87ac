//! stub
pub struct Systems;
pub mod plan {
    #[derive(serde::Serialize)]
    pub struct Plan;
}
