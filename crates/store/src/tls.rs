/// Gives every TLS connection of this process its cryptography: ring's, which compiles in seconds where the default
/// brings minutes of C. To be called before the first client is made; a second call changes nothing.
pub fn provide() {
    // An error only says that there is one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
