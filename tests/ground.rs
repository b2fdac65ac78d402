pub mod binary;
pub mod bucket;
pub mod process;
pub mod random;
pub mod service;
pub mod wait;
pub mod yard;
