//! Models on windows of rows.

use std::sync::Arc;

use super::Builder;
use crate::graph::axis::{ChannelAxis, InnerAxis, InnerRole, Labels, TimeAxis};
use crate::graph::prim::Prim;
use crate::graph::{Call, NodeId};
use crate::model::{Models, NoModels};
use crate::{DType, Diag, Result, Unit};

impl Builder {
    /// Says what opens the models that steps name.
    pub fn set_models(&mut self, models: Arc<dyn Models>) {
        self.models = Some(models);
    }

    /// What opens models.
    pub fn models(&self) -> Arc<dyn Models> {
        self.models.clone().unwrap_or_else(|| Arc::new(NoModels))
    }

    /// What a model says of every row: see [`Call`]. F32 without a unit, with an inner axis of labels unless there is only one. Rows exist
    /// where a window of the segment has an output; channels are those of the input where each has an output, else the groups, each
    /// where its middle lies.
    pub fn call(&mut self, x: NodeId, call: Call) -> Result<NodeId> {
        let mut signal = self.real(x)?.clone();
        let time = self.time(x)?;
        if signal.inner.is_some() {
            return Err(self.diag("needs a plain time series, but its input is already cut into frames"));
        }
        let (n, used) = (i64::from(call.window), call.used());
        let sound = call.window > 0
            && call.hop > 0
            && call.hop <= call.window
            && i64::from(call.first) + i64::from(call.rows) <= n
            && call.channels > 0
            && call.channel_step > 0
            && call.labels > 0
            && (!call.each_channel || call.channel_step == call.channels);
        if !sound || used.end - used.start < i64::from(call.hop) {
            return Err(Diag::compiler(format!("a call of windows that leave rows out: {call:?}")));
        }
        let channels = signal.channels();
        let groups = call.groups(channels);
        if groups == 0 || (call.each_channel && groups * call.channels != channels) {
            return Err(Diag::compiler(format!("groups of {} among {channels} channels", call.channels)));
        }
        if let Some(longest) = time.rows.longest()
            && longest < u64::from(call.window)
        {
            let message = format!(
                "needs windows of {} samples, but the longest stretch of the record has {longest}",
                call.window
            );
            return Err(self.diag(message).help("a model cannot be asked about less than a window"));
        }
        signal.time = Some(TimeAxis { rows: call.rows_of(&time.rows), ..time.clone() });
        signal.inner = (call.labels > 1).then(|| InnerAxis {
            role: InnerRole::Label,
            len: call.labels,
            start: 0.0,
            step: 1.0,
            unit: Unit::none(),
            positions: None,
        });
        if !call.each_channel && call.channels > 1 {
            signal.channel = signal.channel.as_ref().map(|axis| middles(axis, &call, groups));
        }
        (signal.dtype, signal.unit) = (DType::F32, Unit::none());
        self.push_checked(Prim::Call(call), vec![x], signal)
    }
}

/// Groups of channels, each named after its middle channel (the later one of two) and lying halfway between its first and last.
fn middles(axis: &ChannelAxis, call: &Call, groups: u32) -> ChannelAxis {
    let (step, last, middle) = (call.channel_step, call.channels - 1, call.channels / 2);
    let halfway = |at: u32| (axis.distance_at(at) + axis.distance_at(at + last)) / 2.0;
    let spacing = axis.spacing * f64::from(step);
    let numbers = || (0..groups).map(|group| axis.number(group * step + middle)).collect();
    ChannelAxis {
        len: groups,
        first: axis.number(middle),
        stride: axis.stride * i64::from(step),
        distance: halfway(0),
        spacing,
        positions: axis.positions.as_ref().map(|_| (0..groups).map(|group| halfway(group * step)).collect()),
        labels: match &axis.labels {
            Labels::Numbers(_) => Labels::Numbers(numbers()),
            Labels::Regular | Labels::Wavenumbers { .. } => Labels::Regular,
        },
    }
}
