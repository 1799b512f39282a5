//! Steim's compression: frames of sixteen 32-bit words, the first of which says for each how many differences it holds.
//!
//! Source: FDSN, "SEED Reference Manual 2.4", appendix B.

/// Decodes `samples` from frames; the error is a phrase. At most seven samples lie in a word, so `samples` is held against
/// the data before memory is asked for.
pub fn decode(data: &[u8], samples: usize, version: u8, big_endian: bool) -> Result<Vec<i32>, String> {
    let frames = data.as_chunks::<64>().0;
    let most = frames.len().saturating_mul(15 * if version == 1 { 4 } else { 7 });
    if samples > most {
        return Err(format!("it claims {samples} samples in {} bytes", data.len()));
    }
    let word = |bytes: &[u8; 4]| match big_endian {
        true => u32::from_be_bytes(*bytes),
        false => u32::from_le_bytes(*bytes),
    };
    let mut out: Vec<i32> = Vec::new();
    out.try_reserve_exact(samples).map_err(|_| format!("{samples} samples do not fit in memory"))?;
    let (mut first, mut last) = (0i32, 0i32);
    for (index, frame) in frames.iter().enumerate() {
        let words: [u32; 16] = std::array::from_fn(|i| frame.as_chunks::<4>().0.get(i).map_or(0, word));
        let [control, rest @ ..] = words;
        for (position, value) in rest.into_iter().enumerate() {
            if index == 0 && position < 2 {
                // The first and the last sample of the record.
                *(if position == 0 { &mut first } else { &mut last }) = value as i32;
                continue;
            }
            let code = control >> (28 - 2 * position) & 3;
            let (count, bits) = differences(version, code, value)?;
            for i in (0..count).rev() {
                if out.len() == samples {
                    break;
                }
                let shifted = value << (32 - bits - i * bits);
                let difference = shifted as i32 >> (32 - bits);
                // The very first difference leads here from the record before.
                let sample = out.last().map_or(first, |before| before.wrapping_add(difference));
                out.push(sample);
            }
        }
        if out.len() == samples {
            break;
        }
    }
    match out.last() {
        _ if out.len() < samples => Err(format!("it holds {} of {samples} samples", out.len())),
        Some(found) if *found != last => {
            Err(format!("its samples end with {found} instead of {last}, so some are wrong"))
        }
        _ => Ok(out),
    }
}

/// How many differences a word holds, and of how many bits.
fn differences(version: u8, code: u32, word: u32) -> Result<(u32, u32), String> {
    Ok(match (version, code, word >> 30) {
        (_, 0, _) => (0, 32),
        (_, 1, _) => (4, 8),
        (1, 2, _) => (2, 16),
        (1, _, _) => (1, 32),
        (_, 2, 1) => (1, 30),
        (_, 2, 2) => (2, 15),
        (_, 2, 3) => (3, 10),
        (_, 3, 0) => (5, 6),
        (_, 3, 1) => (6, 5),
        (_, 3, 2) => (7, 4),
        _ => return Err("it holds a word of an unknown code".into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 5, then differences of every kind of word that Steim-2 has.
    #[test]
    fn every_word_of_the_second_version_is_decoded() {
        let differences: [&[i32]; 7] = [
            &[0, 1, -2, 127],
            &[-300_000_000],
            &[16383, -16384],
            &[511, -512, 0],
            &[31, -32, 1, 2, 3],
            &[15, -16, 1, 2, 3, 4],
            &[7, -8, 1, 2, 3, 4, 5],
        ];
        let kinds = [
            (1, 8, None),
            (2, 30, Some(1)),
            (2, 15, Some(2)),
            (2, 10, Some(3)),
            (3, 6, Some(0)),
            (3, 5, Some(1)),
            (3, 4, Some(2)),
        ];
        let (mut words, mut samples) = ([0u32; 16], vec![]);
        for (position, (list, (code, bits, sub))) in differences.iter().zip(kinds).enumerate() {
            words[0] |= code << (24 - 2 * position);
            let mut word = sub.unwrap_or(0u32) << 30;
            for (i, d) in list.iter().rev().enumerate() {
                word |= (*d as u32 & (u32::MAX >> (32 - bits))) << (i as u32 * bits);
            }
            words[3 + position] = word;
            for d in *list {
                samples.push(samples.last().map_or(5, |last: &i32| last + d));
            }
        }
        words[1] = 5;
        words[2] = *samples.last().unwrap() as u32;
        let frame: Vec<u8> = words.iter().flat_map(|w| w.to_be_bytes()).collect();
        assert_eq!(decode(&frame, samples.len(), 2, true).unwrap(), samples);
        assert!(decode(&frame, samples.len() - 1, 2, true).unwrap_err().contains("end with"));
        assert!(decode(&frame, samples.len() + 1, 2, true).unwrap_err().contains("holds"));
        assert!(decode(&frame, 106, 2, true).unwrap_err().contains("claims"));
    }
}
