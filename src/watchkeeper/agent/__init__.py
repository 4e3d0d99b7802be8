"""The process on a watched machine: it samples, keeps what it sampled, and sends it on."""
