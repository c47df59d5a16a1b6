"""The page of the brand kit, and what it shows."""

from __future__ import annotations

from io import BytesIO

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from cutroom.errors import InvalidInput, NotFound
from cutroom.form_problems import problems_of
from cutroom.pages import require_principal
from metering.errors import QuotaExceeded
from rendering import brands
from rendering.brand_forms import BrandForm, LogoForm
from rendering.brand_models import Brand
from rendering.choices import Look
from rendering.errors import UnusableFile
from rendering.media.specs import CardSpec
from tenants.downloads import file_response
from tenants.http import TenantRequest
from tenants.permissions import needs
from tenants.roles import Capability

SHOWN_LOOKS = (Look.TITLE, Look.QUOTE, Look.CHART)
_SHOWN_WORDS = {
    Look.TITLE: "A title in your colours",
    Look.QUOTE: "“What is said stands in your ink.” — Your name",
    Look.CHART: "Paper 60 %, ink 30 %, accent 10 %",
}
_SIZE = (640, 360)


@require_http_methods(["GET", "HEAD", "POST"])
@needs(Capability.MANAGE_TENANT)
def show(request: TenantRequest) -> HttpResponse:
    """The kit with samples of what it does; take what was changed."""
    brand = brands.brand()
    form = BrandForm(request.POST if request.method == "POST" else None, brand=brand)
    if form.is_bound and form.is_valid():
        try:
            brands.change(**form.cleaned_data)
        except InvalidInput as error:
            form.take(error)
        else:
            messages.success(request, "Saved. The next render of each project uses it.")
            return redirect("rendering-pages:brand")
    return _page(request, brand, form)


@require_POST
@needs(Capability.MANAGE_TENANT)
def logo(request: TenantRequest) -> HttpResponse:
    """Set or remove the logo."""
    brand = brands.brand()
    form = LogoForm(request.POST, request.FILES)
    if request.POST.get("deed") == "remove":
        brands.remove_logo()
        return redirect("rendering-pages:brand")
    if form.is_valid():
        try:
            brands.set_logo(upload=form.cleaned_data["logo"])
            return redirect("rendering-pages:brand")
        except UnusableFile as error:
            form.add_error("logo", error.members["errors"][0]["detail"])
        except QuotaExceeded as error:
            form.add_error("logo", error.detail)
    return _page(request, brand, BrandForm(brand=brand), logo_form=form)


@require_safe
def logo_file(request: TenantRequest) -> HttpResponseBase:
    """The logo itself."""
    require_principal(request)
    brand = brands.brand()
    if not brand.logo_key:
        raise NotFound
    return file_response(request, brand.logo_key, "image/png")


@require_safe
def sample(request: TenantRequest, look: str) -> HttpResponse:
    """A card in the stored colours and font."""
    require_principal(request)
    if look not in SHOWN_LOOKS:
        raise NotFound
    from rendering.media.cards import draw_card  # 45 MB: only processes that draw pay for it

    brand, words = brands.brand(), _SHOWN_WORDS[Look(look)]
    spec = CardSpec(
        out_path="", text=words, number=0, width=_SIZE[0], height=_SIZE[1], seed="brand", look=look,
        paper=brand.paper, ink=brand.ink, accent=brand.accent, font=brand.font,
    )  # fmt: skip
    out = BytesIO()
    draw_card(spec).save(out, format="PNG")
    response = HttpResponse(out.getvalue(), content_type="image/png")
    response["Cache-Control"] = "private, no-cache"
    return response


def _page(
    request: TenantRequest, brand: Brand, form: BrandForm, *, logo_form: LogoForm | None = None
) -> HttpResponse:
    logo_form = logo_form or LogoForm()
    problems = [*problems_of(form), *problems_of(logo_form)]
    context = {
        "brand": brand,
        "form": form,
        "logo_form": logo_form,
        "problems": problems,
        "looks": [look.value for look in SHOWN_LOOKS],
        "version": int(brand.updated_at.timestamp()) if brand.updated_at else 0,
    }
    return render(request, "rendering/brand.html", context, status=422 if problems else 200)
