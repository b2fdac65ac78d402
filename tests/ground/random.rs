/// A small generator (xorshift64*, Marsaglia 2003), so that a run can be repeated from its printed seed.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

impl Random {
    /// From this seed.
    pub fn new(seed: u64) -> Random {
        Random { state: seed | 1 }
    }

    /// From `MADANG_SEED`, else from the clock. Prints the seed.
    ///
    /// # Panics
    /// When `MADANG_SEED` is no number.
    pub fn seeded(what: &str) -> Random {
        let seed = match std::env::var("MADANG_SEED") {
            Ok(text) => text.parse().expect("MADANG_SEED is a number"),
            Err(_) => {
                let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
                since.map_or(1, |since| since.as_nanos() as u64)
            }
        };
        println!("{what}: repeat with MADANG_SEED={seed}");
        Random::new(seed)
    }

    /// The next number.
    pub fn draw(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.draw() % (high - low + 1)
    }

    /// A word of ten letters that stands in no dictionary.
    pub fn word(&mut self) -> String {
        (0..10).map(|_| char::from(b'a' + (self.draw() % 26) as u8)).collect()
    }
}
