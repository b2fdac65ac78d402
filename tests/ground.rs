pub mod binary;
pub mod mount;
pub mod process;
pub mod random;
pub mod scan;
pub mod scenario;
pub mod service;
