pub mod binary;
pub mod mount;
pub mod process;
pub mod random;
pub mod service;
pub mod yard;
