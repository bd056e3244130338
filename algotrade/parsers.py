"""How the API reads form data. Apart from `algotrade.api`, because REST framework loads its parsers first."""

from typing import Any

from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.parsers import MultiPartParser

from algotrade.boundary import problem_in_depth, problem_in_text


class CheckedMultiPartParser(MultiPartParser):
    """Form data whose text parts pass the same boundary as any other input."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        result = super().parse(stream, media_type=media_type, parser_context=parser_context)
        for key, values in result.data.lists():
            if problem := problem_in_text(key):
                raise ParseError(problem)
            # A part may hold JSON of its own, which a field decodes later: its depth counts too.
            problems = [problem_in_text(value) or problem_in_depth(value) for value in values]
            if any(problems):
                raise ValidationError({key: list(filter(None, problems))})
        return result
