//! How a step made a signal, beyond its type, for steps further on that undo it.

use std::any::Any;
use std::collections::HashSet;
use std::fmt::Debug;

use super::Builder;
use crate::graph::NodeId;
use crate::graph::axis::InnerRole;

/// What steps said of nodes they made.
pub(super) type Recalled = Vec<(NodeId, Box<dyn Said>)>;

/// Anything that a step says.
pub(super) trait Said: Any + Debug + Send + Sync {
    fn any(&self) -> &dyn Any;
}

impl<T: Any + Debug + Send + Sync> Said for T {
    fn any(&self) -> &dyn Any {
        self
    }
}

impl Builder {
    /// Says how the spectra `x` were made.
    pub fn remember<T: Any + Debug + Send + Sync>(&mut self, x: NodeId, how: T) {
        self.recalled.push((x, Box::new(how)));
    }

    /// How the spectra that `x` was computed from were made, however they were changed since; `None` if nothing was said, or
    /// different things of several.
    pub fn recall<T: Any + Copy + PartialEq>(&self, x: NodeId) -> Option<T> {
        let (mut open, mut seen, mut found) = (vec![x], HashSet::new(), None);
        while let Some(node) = open.pop() {
            let spectra = self.graph.signal(node).and_then(|signal| signal.inner.as_ref());
            if !spectra.is_some_and(|axis| axis.role == InnerRole::Frequency) || !seen.insert(node) {
                continue;
            }
            let said = self.recalled.iter().find_map(|(of, said)| {
                let said = (*of == node).then(|| (**said).any().downcast_ref::<T>());
                said.flatten().copied()
            });
            match (said, found) {
                (Some(said), Some(other)) if said != other => return None,
                (Some(said), _) => found = Some(said),
                (None, _) => {
                    open.extend(self.graph.nodes.get(node.index()).into_iter().flat_map(|n| &n.inputs));
                }
            }
        }
        found
    }

    /// Forgets what was said of nodes that no longer are.
    pub(super) fn forget_from(&mut self, end: usize) {
        self.recalled.retain(|(of, _)| of.index() < end);
    }
}
