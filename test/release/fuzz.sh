#!/bin/bash
# Ten minutes of damaged models, under the sanitizers.
set -euo pipefail
exec script/fuzz 600
