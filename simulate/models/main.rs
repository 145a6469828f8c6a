//! Models of the protocols.
