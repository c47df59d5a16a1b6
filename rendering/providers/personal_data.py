"""What is kept about calls to providers, and who outside receives what."""

from cutroom.personal_data import (
    WITH_THE_INSTALLATION,
    WITH_THE_TENANT,
    Basis,
    Category,
    Erasure,
    Kept,
    Owner,
    Table,
    ThirdParty,
    actor,
    content,
    record,
    usage,
)

_OF_TENANT = Owner(tenant="tenant")
_CALLS = "To keep to the allowance of outside providers, and to find a call again at the provider"

TABLES = [
    Table(
        model="rendering.ProviderState",
        purpose="To know which providers answer",
        basis=Basis.NONE,
        kept=WITH_THE_INSTALLATION,
        erasure=Erasure.LEAVE,
        fields=[
            record("name", "failures", "rests", "rests_until", "error_code", "error"),
            record("failed_at", "succeeded_at"),
        ],
    ),
    Table(
        model="rendering.ProviderCall",
        owner=_OF_TENANT,
        purpose=_CALLS,
        kept=Kept(text="400 days", stream="provider calls", days=400, since="created_at"),
        fields=[
            usage("cost_micros", "seconds", "tries"),
            record("id", "tenant", "provider", "state", "request_id", "error_code"),
            record("created_at", "ended_at"),
        ],
    ),
    Table(
        model="rendering.ProviderSpend",
        owner=_OF_TENANT,
        purpose=_CALLS,
        kept=WITH_THE_TENANT,
        fields=[usage("calls", "cost_micros"), record("id", "tenant", "month")],
    ),
    Table(
        model="rendering.ScriptDraft",
        owner=Owner(tenant="tenant", person="created_by"),
        purpose="To write scripts about topics",
        kept=Kept(text="30 days", stream="script drafts", days=30, since="created_at"),
        fields=[
            content("topic", "language", "scenes", "title", "script", "error"),
            actor("created_by"),
            record("id", "tenant", "state", "tries", "not_before", "created_at"),
        ],
    ),
]

PARTIES = [
    ThirdParty(
        name="OpenAI, or whoever runs the server at OPENAI_BASE_URL",
        role="processor",
        purpose="To draw pictures, speak texts and write scripts, where the operator chose it",
        receives=[Category.CONTENT],
        region="chosen by the operator; OpenAI: United States",
        agreement="https://openai.com/policies/data-processing-addendum",
        setting="RENDERING_OPENAI_KEY",
        erasure="requests are kept for 30 days at most and then deleted there",
        adapters=[
            "rendering.providers.openai.OpenAIImages",
            "rendering.providers.openai.OpenAISpeech",
            "rendering.providers.openai.OpenAIChat",
        ],
    ),
    ThirdParty(
        name="Stability AI",
        role="processor",
        purpose="To draw pictures, where the operator chose it",
        receives=[Category.CONTENT],
        region="United States and United Kingdom",
        agreement="https://stability.ai/terms-of-service",
        setting="RENDERING_STABILITY_KEY",
        erasure="requests are deleted there by their own rules",
        adapters=["rendering.providers.stability.StabilityImages"],
    ),
    ThirdParty(
        name="ElevenLabs",
        role="processor",
        purpose="To speak texts, where the operator chose it",
        receives=[Category.CONTENT],
        region="United States and European Union",
        agreement="https://elevenlabs.io/dpa",
        setting="RENDERING_ELEVENLABS_KEY",
        erasure="requests are deleted there by their own rules",
        adapters=["rendering.providers.elevenlabs.ElevenLabs"],
    ),
]

LOCAL_ADAPTERS = [
    "rendering.providers.local.LocalImages",
    "rendering.providers.local.LocalNarration",
    "rendering.providers.piper.PiperVoices",
]
