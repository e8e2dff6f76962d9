"""Learn the situations anew from ``bot/scenarios.toml`` with the packaged encoder, into ``bot/scenarios.safetensors``.

    python scripts/fit_situations.py

To be run after the examples, the rules beside them or the packaged encoder have changed; without it everything works
as well, but the first start on every machine encodes the lines that are new.
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from bot.fitted import PACKAGED  # noqa: E402
from bot.scenario import load_classifier  # noqa: E402
from kb.config import SearchSettings  # noqa: E402
from kb.durable import replace_file  # noqa: E402
from kb.encoder import load_encoders  # noqa: E402


def main() -> None:
    (encoder,) = load_encoders(SearchSettings(encoders=("e5",)), print)
    replace_file(ROOT / "bot" / PACKAGED, load_classifier(encoder=encoder, report=print).learnt())


if __name__ == "__main__":
    main()
