//! A whole Leadline in a world driven by one seed.

fn main() {}
