pub mod binary;
pub mod mount;
pub mod process;
pub mod random;
pub mod scenario;
pub mod service;
