"""What a request to a provider costs: at worst before it leaves, truly once its usage is known; pure.

Prices are whole micro-dollars, rates micro-dollars per million tokens: 0.10 USD per million tokens is 100,000. A price
is rounded up once, after its parts have been added: a budget may be charged a micro-dollar too much, never too little.
"""

from dataclasses import dataclass, field

from runtime.decide.images import Images

MILLION = 1_000_000


@dataclass(frozen=True)
class Rates:
    """Micro-dollars per million tokens. None where the provider has no such rate: the tokens then cost `input`."""

    input: int
    output: int
    cached_input: int | None = None
    cache_write: int | None = None

    @property
    def dearest_input(self) -> int:
        """The most that one token of a prompt can cost: a provider may write any of it into its cache."""
        return max(self.input, self.cache_write or 0, self.cached_input or 0)


@dataclass(frozen=True)
class Price:
    """What a model costs. A request with more than `tier_above_input_tokens` costs the rates of `tier` as a whole.

    `context_tokens` is the longest prompt that the provider takes, `maximum_output_tokens` the longest answer that the
    model writes; None where nobody knows. `image_tokens` is the most that one image costs, None where images have no
    known price; `high_detail_image_tokens` and `low_detail_image_tokens` one with that detail, if that is less.
    """

    base: Rates
    tier: Rates | None = None
    tier_above_input_tokens: int = 0
    context_tokens: int | None = None
    maximum_output_tokens: int | None = None
    image_tokens: int | None = None
    high_detail_image_tokens: int | None = None
    low_detail_image_tokens: int | None = None

    def tokens_of(self, images: Images) -> int:
        """Return the most tokens that images cost; raises UnpricedImagesError."""
        if not images:
            return 0
        if self.image_tokens is None:
            raise UnpricedImagesError
        high = self.image_tokens if self.high_detail_image_tokens is None else self.high_detail_image_tokens
        low = self.image_tokens if self.low_detail_image_tokens is None else self.low_detail_image_tokens
        return images.high * high + images.low * low + images.other * self.image_tokens

    def rates_of(self, prompt_tokens: int) -> Rates:
        """Return the rates of a request with so many tokens in its prompt."""
        return self.tier if self.tier and prompt_tokens > self.tier_above_input_tokens else self.base


@dataclass(frozen=True)
class Demand:
    """The most tokens that a request can use; `output_tokens` are those of one answer, None if it sets no maximum.

    `prompts` is how many prompts it holds, each of which may be as long as the model's context. `images` cost tokens by
    the model's price of them, beside those of the prompt's text.
    """

    prompt_tokens: int
    output_tokens: int | None
    choices: int = 1
    prompts: int = 1
    images: Images = field(default_factory=Images)


@dataclass(frozen=True)
class Usage:
    """The tokens that a provider says it billed; those of a prompt include the cached ones and those newly cached.

    `cache_write_tokens` is None when the provider does not say how many it wrote into its cache.
    """

    prompt_tokens: int
    output_tokens: int
    cached_tokens: int = 0
    cache_write_tokens: int | None = None


class UnboundedError(ValueError):
    """The request sets no maximum for its answer, and nobody knows that of the model."""


class UnpricedImagesError(ValueError):
    """The request has images, and nobody knows what they cost at the model."""


def worst_price(price: Price, demand: Demand) -> int:
    """Return the most that a request can cost, in micro-dollars; raises UnboundedError and UnpricedImagesError.

    A prompt over the model's context is refused by the provider. An answer ends at the maximum that the request sets,
    else at the model's. A prompt that may be over a tier's limit may also stay below it: the dearer of the two counts.
    """
    prompt = demand.prompt_tokens + price.tokens_of(demand.images)
    if price.context_tokens is not None:
        prompt = min(prompt, price.context_tokens * demand.prompts)
    longest = price.maximum_output_tokens if demand.output_tokens is None else demand.output_tokens
    if longest is None:
        raise UnboundedError
    output = longest * demand.choices
    possible = {price.base, price.rates_of(prompt)}
    return max(_rounded_up(prompt * rates.dearest_input + output * rates.output) for rates in possible)


def true_price(price: Price, usage: Usage) -> int:
    """Return what a request cost by its usage, in micro-dollars.

    What is not known is taken at the dearer rate: a provider that charges for writing its cache and does not say how
    much it wrote may have written all that it did not read from there.
    """
    rates = price.rates_of(usage.prompt_tokens)
    cached = min(usage.cached_tokens, usage.prompt_tokens)
    rest = usage.prompt_tokens - cached
    written = rest if usage.cache_write_tokens is None else min(usage.cache_write_tokens, rest)
    read_rate = rates.input if rates.cached_input is None else rates.cached_input
    write_rate = rates.input if rates.cache_write is None else rates.cache_write
    prompt = cached * read_rate + written * write_rate + (rest - written) * rates.input
    return _rounded_up(prompt + usage.output_tokens * rates.output)


def _rounded_up(amount: int) -> int:
    return -(-amount // MILLION)
