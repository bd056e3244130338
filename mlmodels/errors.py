"""The errors of trained models. Each message names the value and the remedy."""

from algotrade.errors import Conflict, InvalidInput, LabError, NotFound, OverLimit


class ModelError(LabError):
    """Root of what can go wrong with learning and with trained models."""

    code = "model_error"


class TrainingError(ModelError, InvalidInput):
    """A training was asked for with values or data that it cannot use."""

    code = "training_invalid"


class TrainingTooLarge(TrainingError, OverLimit):
    """More bars or more fits than this lab computes in one training."""

    code = "training_too_large"


class WrongData(ModelError, InvalidInput):
    """A model was asked to predict within its training period on prices it was not trained on."""

    code = "model_wrong_data"


class ModelNotFound(ModelError, NotFound):
    """A model that does not exist, or belongs to someone else."""

    code = "model_not_found"


class ModelNotReady(ModelError, Conflict):
    """The model's training has not ended well, so it cannot predict."""

    code = "model_not_ready"


class ModelInUse(ModelError, Conflict):
    """The model cannot be deleted because a strategy decides by it."""

    code = "model_in_use"


class ModelBusy(ModelError, Conflict):
    """The model's training is still queued or running."""

    code = "model_busy"


class ModelRetired(ModelError, Conflict):
    """A retired model was chosen for a strategy that did not decide by it before."""

    code = "model_retired"


class NoteInvalid(ModelError, InvalidInput):
    """A note that is no text, or too long."""

    code = "model_note_invalid"


class NoNewBars(ModelError, Conflict):
    """There are too few bars after the training to say whether the features have drifted."""

    code = "model_no_new_bars"


class ArtifactDamaged(ModelError, Conflict):
    """A stored model is missing, altered, or made by something this version does not read."""

    code = "model_damaged"


class NoRoom(ModelError):
    """There is no room on the disk for what a prediction of very many bars puts aside."""

    code = "model_no_room"
