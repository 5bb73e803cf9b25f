#!/usr/bin/env bash
# The vendor's day: from a trained network to a photo that can be trusted, and to one that came back
# from a social platform. CI runs it (`make day`); a tiny network learns for seconds, so its answers
# mean nothing, and everything around them does.
#
#   examples/vendors-day.sh [FOLDER]     needs camsim with the extra train; FOLDER keeps what is made
set -euo pipefail

camsim=${CAMSIM:-camsim}
raw=$(cd "$(dirname "$0")/.." && pwd)/examples/canon-s40-box.crw
folder=${1:-$(mktemp -d)}
mkdir -p "$folder"
cd "$folder"
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }
fails() { if "$@"; then echo "this must be refused: $*" >&2; exit 1; fi; }

say "1. Train an imaging pipeline, and how strong it lays its watermark"
for stops in 0 0.5 1 1.5; do
  $camsim develop "$raw" --pipeline libraw --exposure "$stops" --out "large/box$stops.png"
done
$camsim transmit large/*.png --platform instagram --out scenes/  # small ones learn faster
$camsim train nip --pictures scenes --pipeline qnet --out nip --steps 4 --batch 2 --patch 64
$camsim train watermark --pictures scenes --start-from nip/weights/qnet.safetensors --out trained \
  --steps 4 --batch 2 --patch 64

say "2. Export it as fp32, fp16 and int8; each must pass the parity gate through the real channel"
$camsim simulate scenes/box0.5.jpg --out held-out.dng --blur 0.6 --seed 1
$camsim firmware export --pipeline qnet --weights trained/weights --precision fp32 fp16 int8 \
  --captures held-out.dng --platform paper --out models

say "3. Build the firmware, twice the same bytes, and sign it in two roles"
$camsim firmware build models --version 1.0.0 --security-version 1 --default-precision fp16 \
  --out firmware.camfw
$camsim firmware build models --version 1.0.0 --security-version 1 --default-precision fp16 \
  --out again.camfw
cmp firmware.camfw again.camfw
$camsim identity init vendor --name "Example Cameras"
$camsim identity issue vendor --role developer --out developer
$camsim identity issue vendor --role release --out release
$camsim firmware sign firmware.camfw --identity developer
fails $camsim firmware verify firmware.camfw --root vendor/root/certificate.pem \
  --revoked vendor/revoked.pem
$camsim firmware sign firmware.camfw --identity release
$camsim firmware verify firmware.camfw --root vendor/root/certificate.pem \
  --revoked vendor/revoked.pem

say "4. Provision a camera, and boot it"
$camsim identity issue vendor --device camera
$camsim watermark export-key newsroom.json --vendor vendor
$camsim boot firmware.camfw --device camera

say "5. Take a photo: the sensor signs the frame, the camera develops and signs the picture"
$camsim simulate scenes/box0.jpg --out capture.dng --device camera --blur 0.6
$camsim develop capture.dng --device camera --captures-only --out photo.jpg
fails $camsim develop capture.dng --device camera --captures-only --out replayed.jpg
$camsim develop "$raw" --device camera --out opened.jpg

say "6. Send it through WhatsApp"
$camsim transmit photo.jpg --platform whatsapp --out downloaded.jpg

say "7. What can be known of both"
# 0: consistent, by its signature; 4: inconclusive, where there is none.
verify() {
  $camsim verify "$1" --watermark-key newsroom.json --trust-anchors vendor/root/certificate.pem \
    --revocation-lists vendor/revoked.pem --resend --json >"$1.json" || [ $? -eq 4 ]
}
verify photo.jpg
verify downloaded.jpg
verify opened.jpg
$camsim identity revoke vendor camera
cp photo.jpg revoked.jpg
$camsim verify revoked.jpg --trust-anchors vendor/root/certificate.pem \
  --revocation-lists vendor/revoked.pem --resend --json >revoked.jpg.json || [ $? -ge 3 ]
python3 - <<'PYTHON'
import json


def report(name):
    return json.load(open(f"{name}.jpg.json"))["report"]


photo, downloaded, opened, revoked = map(report, ("photo", "downloaded", "opened", "revoked"))
for name, about in (("photo", photo), ("downloaded", downloaded), ("opened", opened)):
    credential, watermark = about["credential"], about["watermark"]
    print(f"{name}: {credential['integrity']['state']}, {credential['trust']['state']}, "
          f"{', '.join(credential['actions']) or 'no actions'}; watermark {watermark['state']}: "
          f"{watermark['payload'] or 'no payload'}")
assert photo["credential"]["trust"]["state"] == "trusted"
assert photo["credential"]["source_type"] == "digitalCapture"
assert photo["credential"]["revocation"]["state"] == "not listed"
assert revoked["credential"]["revocation"]["state"] == "revoked"
assert revoked["credential"]["integrity"]["state"] == "intact"
assert photo["credential"]["development"]["pipeline"] == "qnet"
assert opened["credential"]["trust"]["state"] == "trusted"
assert opened["credential"]["source_type"] != "digitalCapture"
assert opened["credential"]["actions"][0] == "c2pa.opened"
assert downloaded["credential"]["integrity"]["state"] == "no credential"
assert downloaded["watermark"]["payload"] == photo["watermark"]["payload"] is not None
PYTHON
say "Done: trusted as it left the camera; credential gone after WhatsApp, and its watermark is read"
