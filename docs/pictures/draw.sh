#!/bin/sh
# Draws the pictures of docs/operators.md with dasc itself: DASC=target/release/dasc docs/pictures/draw.sh
# Each shows an operator at work on a made-up earthquake; a picture named after an operator appears in its section.
set -eu
cd "$(dirname "$0")"
dasc="${DASC:-dasc}"
quake="READ 'synthetic:quake?channels=200&samples=2500&fs=250Hz&dx=20m&seed=3'"
wide="SIZE=520x380 MODE=overwrite"
flat="SIZE=560x220 MODE=overwrite"

draw() {
    "$dasc" run -q -e "$quake | $1"
}

draw "BANDPASS 5 20 | PLOT_HEATMAP bandpass.png $wide TITLE='BANDPASS 5 20'"
draw "BANDPASS 5 20 | STA_LTA 0.2s 2s | PLOT_HEATMAP sta_lta.png $wide TITLE='BANDPASS 5 20 | STA_LTA 0.2s 2s'"
draw "SLICE CH=100..103 | BANDPASS 5 20 | ENVELOPE | PLOT_TS envelope.png $flat TITLE='BANDPASS 5 20 | ENVELOPE'"
draw "SLICE CH=100..101 | SPECTROGRAM 128 HOP=16 | DB | PLOT_SPEC spectrogram.png $flat TITLE='SPECTROGRAM 128 HOP=16 | DB'"
