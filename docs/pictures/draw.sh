#!/bin/sh
# Draws the pictures of docs/operators.md with dasc itself: DASC=target/debug/dasc docs/pictures/draw.sh
# Each shows an operator at work on a made-up earthquake; a picture named after an operator appears in its section.
set -eu
cd "$(dirname "$0")"
dasc="${DASC:-dasc}"
quake="READ 'synthetic:quake?channels=96&samples=4096&fs=250Hz&seed=3'"
small="SIZE=480x270 MODE=overwrite"
wide="SIZE=560x220 MODE=overwrite"

draw() {
    "$dasc" run -q -e "$quake | $2"
}

draw bandpass "BANDPASS 5 20 | PLOT_HEATMAP bandpass.png $small TITLE='BANDPASS 5 20'"
draw agc "BANDPASS 5 20 | AGC 1s | PLOT_HEATMAP agc.png $small TITLE='BANDPASS 5 20 | AGC 1s'"
draw sta_lta "BANDPASS 5 20 | STA_LTA 0.2s 3s | PLOT_HEATMAP sta_lta.png $small TITLE='STA_LTA 0.2s 3s'"
draw envelope "BANDPASS 5 20 | SLICE CH=40..43 | ENVELOPE | PLOT_TS envelope.png $wide TITLE='ENVELOPE of three channels'"
draw teager "BANDPASS 5 20 | SLICE CH=40..43 | TEAGER | PLOT_TS teager.png $wide TITLE='TEAGER of three channels'"
draw integrate "HIGHPASS 1 | SLICE CH=40..43 | INTEGRATE | PLOT_TS integrate.png $wide TITLE='HIGHPASS 1 | INTEGRATE'"
draw wiener "SLICE CH=40..43 | WIENER 15 | PLOT_TS wiener.png $wide TITLE='WIENER 15'"
draw spectrogram "SLICE CH=40..41 | SPECTROGRAM 128 HOP=16 | DB | PLOT_SPEC spectrogram.png $wide TITLE='SPECTROGRAM 128 HOP=16 | DB'"
