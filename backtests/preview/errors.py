"""What can go wrong with a preview. Each message says what to do."""

from algotrade.errors import Conflict, InvalidInput, Unavailable
from backtests.errors import BacktestError


class PreviewError(BacktestError):
    """Root of the errors of previews."""

    code = "preview_error"


class PreviewRefused(PreviewError, InvalidInput):
    """Values that cannot be computed; `fields` names each of them."""

    code = "preview_invalid"


class NoPreviewData(PreviewRefused):
    """There is no series of this symbol and timeframe to compute on."""

    code = "preview_no_data"


class NoPreviewOfType(PreviewRefused):
    """A type of strategy that can only be run as a backtest."""

    code = "preview_unsupported"


class PreviewReplaced(PreviewError, Conflict):
    """A newer preview of the same user has taken its place."""

    code = "preview_replaced"


class PreviewUnavailable(PreviewError, Unavailable):
    """Previews are switched off, or the preview process has met an error."""

    code = "preview_unavailable"


class PreviewWarming(PreviewError, Unavailable):
    """The preview process is starting or has too many askers: the same question has an answer in a moment."""

    code = "preview_warming"
    retry_after = 1


class PreviewTooSlow(PreviewError, Unavailable):
    """It took longer than a preview may."""

    code = "preview_too_slow"
