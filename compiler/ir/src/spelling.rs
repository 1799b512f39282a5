//! The nearest known word to a misspelt one.

/// The candidate with the smallest edit distance, if it is near enough that a person would have meant it.
pub fn nearest<S: AsRef<str>>(word: &str, candidates: impl IntoIterator<Item = S>) -> Option<String> {
    // A third of the letters may be wrong; of one letter none.
    let limit = (word.chars().count() + 1) / 3;
    let scored =
        candidates.into_iter().map(|c| (distance(&word.to_lowercase(), &c.as_ref().to_lowercase()), c));
    scored.min_by_key(|(d, _)| *d).filter(|(d, _)| *d <= limit).map(|(_, c)| c.as_ref().to_string())
}

/// Edit distance with transpositions (optimal string alignment). Words are cut at 64 characters to bound the work.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().take(64).collect(), b.chars().take(64).collect());
    let mut before = vec![0; b.len() + 1];
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut next = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
            let edit = (row[j] + 1).min(next[j - 1] + 1).min(row[j - 1] + usize::from(a[i - 1] != b[j - 1]));
            next[j] = if swap { edit.min(before[j - 2] + 1) } else { edit };
        }
        (before, row) = (row, next);
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        let known = ["BANDPASS", "DETREND", "STFT", "WRITE"];
        assert_eq!(nearest("BNADPASS", known).as_deref(), Some("BANDPASS"));
        assert_eq!(nearest("detrnd", known).as_deref(), Some("DETREND"));
        assert_eq!(nearest("CORRELATE", known), None);
        assert_eq!(nearest("x", ["t", "c"]), None);
        assert_eq!(nearest("X", ["x", "c"]).as_deref(), Some("x"));
    }
}
