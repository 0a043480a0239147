//! The command `kubesim`.

fn main() {}
