//! Makes every slice of channels a gather, so that there is one way of picking channels.

use dasc_ir::graph::{Graph, Prim, Role, View};

/// Rewrites channel slices.
pub fn slices_to_gathers(graph: &mut Graph) {
    for id in graph.ids() {
        let Prim::View(View::Slice { along: Role::Channel, start, step, .. }) = graph.node(id).prim else { continue };
        let count = graph.signal(id).map_or(0, |s| s.channels());
        let channels = (0..count).map(|i| start as u32 + i * step).collect();
        graph.nodes[id.index()].prim = Prim::Gather { channels };
    }
}
