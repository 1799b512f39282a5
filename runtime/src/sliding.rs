//! The tap of a given rank in a window that slides along a line of numbers.
//!
//! A stretch of the line is sorted once; a number's place in that order is a bit, set while the number is in the window. The wanted bit
//! then moves by at most two as the window moves by one, and the next set bit is near, for about as many are set as not.

/// A number of a line.
pub(crate) trait Number: Copy + Default + Send + Sync + PartialEq {
    /// The number and its position, ordered by both: −0 before 0, and all that is no number at either end.
    type Entry: Ord + Copy + Send;
    fn entry(self, position: u32) -> Self::Entry;
    fn position(entry: Self::Entry) -> usize;
    fn wide(self) -> f64;
    /// The element at a place of some memory; 0 beyond it.
    fn get(memory: &[u8], place: usize) -> Self;
    fn put(self, memory: &mut [u8], place: usize);
    const NAN: Self;
}

macro_rules! number {
    ($float:ty, $bits:ty, $entry:ty) => {
        impl Number for $float {
            type Entry = $entry;

            fn entry(self, position: u32) -> $entry {
                let bits = self.to_bits();
                let top = 1 << (<$bits>::BITS - 1);
                let key = if bits & top == 0 { bits | top } else { !bits };
                <$entry>::from(key) << 32 | <$entry>::from(position)
            }

            fn position(entry: $entry) -> usize {
                entry as u32 as usize
            }

            fn wide(self) -> f64 {
                self.into()
            }

            fn get(memory: &[u8], place: usize) -> $float {
                memory.as_chunks().0.get(place).map_or(0.0, |bytes| <$float>::from_ne_bytes(*bytes))
            }

            fn put(self, memory: &mut [u8], place: usize) {
                if let Some(bytes) = memory.as_chunks_mut().0.get_mut(place) {
                    *bytes = self.to_ne_bytes();
                }
            }

            const NAN: $float = <$float>::NAN;
        }
    };
}

number!(f32, u32, u64);
number!(f64, u64, u128);

/// A window of so many taps, and the memory it works in.
pub(crate) struct Sliding<T: Number> {
    taps: usize,
    rank: usize,
    sorted: Vec<T::Entry>,
    /// Place in the order of each number of the stretch.
    places: Vec<u32>,
    window: Window,
}

/// The fewest outputs for which a stretch is sorted.
const STRETCH: usize = 1024;

impl<T: Number> Sliding<T> {
    pub fn new(taps: usize, rank: usize) -> Sliding<T> {
        Sliding { taps, rank, sorted: Vec::new(), places: Vec::new(), window: Window::default() }
    }

    /// The wanted tap of every window that lies within the line; NaN where a tap is.
    pub fn run(&mut self, line: &[T], out: &mut Vec<T>) {
        out.clear();
        let outputs = (line.len() + 1).saturating_sub(self.taps);
        let stretch = STRETCH.max(2 * self.taps);
        for first in (0..outputs).step_by(stretch) {
            let last = (first + stretch).min(outputs);
            self.stretch(&line[first..last + self.taps - 1], out);
        }
    }

    fn stretch(&mut self, line: &[T], out: &mut Vec<T>) {
        self.sorted.clear();
        self.sorted.extend((0..).zip(line).map(|(position, value)| value.entry(position)));
        self.sorted.sort_unstable();
        self.places.clear();
        self.places.resize(line.len(), 0);
        for (place, entry) in (0..).zip(&self.sorted) {
            self.places[T::position(*entry)] = place;
        }
        let is_number = |value: T| !value.wide().is_nan();
        let mut missing = 0;
        self.window.clear(line.len());
        for (number, (value, place)) in line.iter().zip(&self.places).enumerate() {
            self.window.insert(*place as usize);
            missing += usize::from(!is_number(*value));
            if let Some(gone) = number.checked_sub(self.taps) {
                self.window.remove(self.places[gone] as usize);
                missing -= usize::from(!is_number(line[gone]));
            }
            if number + 1 >= self.taps {
                let place = self.window.seek(self.rank);
                let wanted = self.sorted.get(place).map(|entry| line[T::position(*entry)]);
                out.push(wanted.filter(|_| missing == 0).unwrap_or(T::NAN));
            }
        }
    }
}

/// The places that are in the window, and one of them that is watched.
#[derive(Default)]
struct Window {
    bits: Vec<u64>,
    at: usize,
    /// How many are set before it.
    before: usize,
}

impl Window {
    fn clear(&mut self, places: usize) {
        self.bits.clear();
        self.bits.resize(places.div_ceil(64), 0);
        (self.at, self.before) = (0, 0);
    }

    fn insert(&mut self, place: usize) {
        self.bits[place / 64] |= 1 << (place % 64);
        self.before += usize::from(place < self.at);
    }

    fn remove(&mut self, place: usize) {
        self.bits[place / 64] &= !(1 << (place % 64));
        self.before -= usize::from(place < self.at);
    }

    /// The place with so many before it, near to where it was the last time.
    fn seek(&mut self, rank: usize) -> usize {
        while self.before > rank {
            self.at = self.last_before(self.at);
            self.before -= 1;
        }
        loop {
            self.at = self.first_from(self.at);
            if self.before == rank {
                return self.at;
            }
            self.before += 1;
            self.at += 1;
        }
    }

    fn last_before(&self, at: usize) -> usize {
        let mut word = at / 64;
        let mut bits = self.bits.get(word).map_or(0, |bits| bits & ((1 << (at % 64)) - 1));
        while bits == 0 && word > 0 {
            word -= 1;
            bits = self.bits[word];
        }
        word * 64 + 63 - bits.leading_zeros().min(63) as usize
    }

    fn first_from(&self, at: usize) -> usize {
        let mut word = at / 64;
        let mut bits = self.bits.get(word).map_or(0, |bits| bits & (u64::MAX << (at % 64)));
        while bits == 0 && word + 1 < self.bits.len() {
            word += 1;
            bits = self.bits[word];
        }
        word * 64 + bits.trailing_zeros().min(63) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_sorting(line: &[f32], taps: usize, rank: usize) -> Vec<u32> {
        let of = |window: &[f32]| {
            let mut sorted = window.to_vec();
            sorted.sort_by(f32::total_cmp);
            if window.iter().any(|x| x.is_nan()) { f32::NAN.to_bits() } else { sorted[rank].to_bits() }
        };
        line.windows(taps).map(of).collect()
    }

    #[test]
    fn every_window_and_rank_is_that_of_sorting() {
        let mut state = 1u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as u32
        };
        for len in [1usize, 2, 3, 17, 64, 65, 300, 3000] {
            for taps in [1usize, 2, 3, 16, 17, 63, 64, 65, 200].into_iter().filter(|taps| *taps <= len) {
                let line: Vec<f32> = (0..len)
                    .map(|_| match next() % 40 {
                        0 => f32::NAN,
                        1 => f32::INFINITY,
                        2 => -0.0,
                        3 => f32::from_bits(next() % 100),
                        n => n as f32 - 20.0,
                    })
                    .collect();
                for rank in [0, taps / 2, taps - 1] {
                    let mut out = Vec::new();
                    Sliding::new(taps, rank).run(&line, &mut out);
                    let found: Vec<u32> = out.iter().map(|x| x.to_bits()).collect();
                    assert_eq!(found, by_sorting(&line, taps, rank), "{len} {taps} {rank}");
                }
            }
        }
    }
}
