//! `madang`.

fn main() {}
