#!/bin/sh
# Draws the pictures of docs/operators.md with dasc itself: DASC=target/release/dasc docs/pictures/draw.sh
# Each shows an operator at work on made-up data; a picture named after an operator appears in its section.
set -eu
cd "$(dirname "$0")"
dasc="${DASC:-dasc}"
quake="READ 'synthetic:quake?channels=200&samples=2500&fs=250Hz&dx=20m&seed=3'"
# Fewer numbers, so that a picture of noise stays small.
coarse="READ 'synthetic:quake?channels=80&samples=800&fs=80Hz&dx=50m&seed=3'"
# From 0.5 to 60 Hz in 20 s: what a filter leaves of it is its response.
chirp="READ 'synthetic:chirp?channels=1&samples=5000&fs=250Hz&freq=0.5Hz&to=60Hz'"
wide="SIZE=500x340 MODE=overwrite"
flat="SIZE=560x220 MODE=overwrite"

draw() {
    "$dasc" run -q -e "$1"
}

draw "READ 'synthetic:noise?channels=4&samples=2500&fs=250Hz' | CUMSUM | DETREND | PLOT_TS detrend.png $flat TITLE='CUMSUM | DETREND'"
draw "$chirp | LOWPASS 20 | PLOT_TS lowpass.png $flat TITLE='LOWPASS 20, of 0.5 to 60 Hz in 20 s'"
draw "$chirp | HIGHPASS 20 | PLOT_TS highpass.png $flat TITLE='HIGHPASS 20, of 0.5 to 60 Hz in 20 s'"
draw "$chirp | NOTCH 30 Q=5 | PLOT_TS notch.png $flat TITLE='NOTCH 30 Q=5, of 0.5 to 60 Hz in 20 s'"
draw "$coarse | BANDPASS 5 20 | PLOT_HEATMAP bandpass.png $wide TITLE='BANDPASS 5 20'"
draw "$coarse | SPATIAL_SMOOTH 9 | PLOT_HEATMAP spatial_smooth.png $wide TITLE='SPATIAL_SMOOTH 9'"
draw "$coarse | FK_FILTER 400 500 2km/s 3km/s | PLOT_HEATMAP fk_filter.png $wide TITLE='FK_FILTER'"
draw "$quake | BEAMFORM 11 [500m/s,8km/s] COUNT=30 OUTPUT=speed STACK=100ms | ABS | PLOT_HEATMAP beamform.png $wide TITLE='BEAMFORM OUTPUT=speed'"
draw "$quake | SLICE CH=100..103 | BANDPASS 5 20 | ENVELOPE | PLOT_TS envelope.png $flat TITLE='BANDPASS 5 20 | ENVELOPE'"
draw "$quake | SLICE CH=100..101 | STFT 128 HOP=16 | DB | PLOT_SPEC stft.png $flat TITLE='STFT 128 HOP=16 | DB'"
draw "$quake | SLICE CH=100..101 | SPECTROGRAM 128 HOP=16 | DB | PLOT_SPEC spectrogram.png $flat TITLE='SPECTROGRAM 128 HOP=16 | DB'"
draw "$coarse | BANDPASS 5 20 | STA_LTA 0.2s 2s | PLOT_HEATMAP sta_lta.png $wide TITLE='STA_LTA 0.2s 2s'"
draw "$coarse | BANDPASS 5 20 | STA_LTA 0.2s 2s | THRESHOLD_DETECT 3 OFF=1.5 RATIO | PLOT_HEATMAP threshold_detect.png $wide TITLE='THRESHOLD_DETECT 3'"
