#!/usr/bin/env bash
# From a stripped copy back to what was signed: a RAW file is developed with a watermark, signed and
# published; its copy goes through WhatsApp, which takes the credential away; an object is taken out
# of the copy; and the verifier finds the signed photo again, and shows what differs.
#
#   examples/recovery/recovery.sh FOLDER [RAW]     needs camsim; FOLDER, which must be new, keeps all
set -euo pipefail

camsim=${CAMSIM:-camsim}
python=${PYTHON:-python3}
here=$(cd "$(dirname "$0")" && pwd)
raw=$(realpath "${2:-$here/../canon-s40-box.crw}")
mkdir "$1"
cd "$1"
export CAMSIM_WATERMARK_KEYS=$PWD/keys # of this story alone: your own stay as they are
say() { printf '\n\033[1m%s\033[0m\n' "$*"; }

say "1. A camera develops a RAW file, embeds a payload, and signs the photo with its reference picture"
$camsim identity init vendor --name "Example Cameras"
$camsim identity issue vendor --device camera
$camsim develop "$raw" --pipeline qnet --identity camera/identity --out signed.jpg

say "2. Its manifest is published; the photo itself is not"
$camsim publish signed.jpg --repository manifests --yes

say "3. WhatsApp scales the photo, and takes the credential away"
$camsim transmit signed.jpg --platform whatsapp --out shared.jpg

say "4. Somebody takes an object out: the oval on the box, 1% of the picture"
$python "$here/alter.py" shared.jpg altered.jpg 0.600 0.628 0.722 0.722

say "5. Both copies are verified, with nothing but the repository and the vendor's certificate"
verify() { # 3: evidence against; 4: inconclusive, as no sensor vouches that the file is a capture
  $camsim verify "$1.jpg" --repository manifests --trust-anchors vendor/root/certificate.pem \
    --resend --html "$1.html" >"$1.txt" || [ $? -ge 3 ]
  sed -n 1,5p "$1.txt"
}
verify shared
verify altered
$python "$here/draw.py" altered.jpg story.jpg manifests vendor/root/certificate.pem
say "Done: $PWD/story.jpg shows it all; altered.html has a slider"
