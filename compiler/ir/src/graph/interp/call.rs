//! Models on windows, one after another over each segment.

use super::tensor::Tensor;
use crate::Result;
use crate::graph::Call;
use crate::graph::call::Stacked;

pub fn call(call: &Call, x: &Tensor, mut out: Tensor) -> Result<Tensor> {
    let mut stacked = vec![Stacked::default(); out.values.len()];
    let (mut input, mut output) = (Vec::new(), Vec::new());
    let (outputs, rows) = (call.outputs() as usize, call.rows as usize);
    for (segment, &range) in x.ranges.iter().enumerate() {
        for start in (0..).map_while(|k| call.start(k, range)) {
            for group in 0..call.groups(x.channels as u32) as usize {
                let first = group * call.channel_step as usize;
                let channels = first..first + call.channels as usize;
                let window = start..start + i64::from(call.window);
                let mut samples: Vec<f64> = channels
                    .flat_map(|c| window.clone().map(move |row| x.at(segment, row, 0, c, 0)))
                    .collect();
                if !call.prepare(&mut samples, &mut input) {
                    continue;
                }
                call.run(&input, &mut output)?;
                for (at, values) in output.chunks_exact(rows).enumerate() {
                    let (label, channel) = (at / outputs, group * outputs + at % outputs);
                    for used in call.used() {
                        let place = out.offset(segment, start + used, label, channel, 0);
                        let value = values.get((used - i64::from(call.first)) as usize);
                        if let Some((place, value)) = place.and_then(|at| stacked.get_mut(at)).zip(value) {
                            place.add(*value, call.stacking);
                        }
                    }
                }
            }
        }
    }
    for (value, stacked) in out.values.iter_mut().zip(stacked) {
        *value = f64::from(stacked.value(call.stacking));
    }
    Ok(out)
}
