import re

import pytest

from catalog.classification.names import is_telling, judge_name
from catalog.classification.tokens import plain_words


def best(column: str, table: str = "") -> str:
    found = judge_name(column, table=table)
    return found[0].category if found else ""


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("FirstName", "first name"),
        ("customer-e-mail", "customer e email"),
        ("Postal Code", "postal code"),
        ("agentmailingzipcode", "agent mailing postal code"),
        ("principaladdress1", "principal address 1"),
        ("customerid", "customer id"),
        ("dateNaissance", "birth date"),
        ("microphone", "microphone"),
        ("percentage", "percentage"),
    ],
)
def test_names_become_plain_words(name, words):
    assert " ".join(plain_words(name)) == words


@pytest.mark.parametrize(
    ("column", "category"),
    [
        ("fname", "name.given"),
        ("lname", "name.family"),
        ("dob", "demographic.birth_date"),
        ("tel", "contact.phone"),
        ("zip", "contact.address.postal_code"),
        ("addr", "contact.address.street"),
        ("ssn", "id.national"),
        ("ip_addr", "online.ip"),
        ("cc_number", "finance.card"),
        ("passwd", "credential.password"),
        ("userAgent", "online.user_agent"),
        # German
        ("vorname", "name.given"),
        ("Nachname", "name.family"),
        ("strasse", "contact.address.street"),
        ("Straße", "contact.address.street"),
        ("plz", "contact.address.postal_code"),
        ("ort", "contact.address.city"),
        ("geburtsdatum", "demographic.birth_date"),
        ("telefonnummer", "contact.phone"),
        ("kunden_nr", "id.customer"),
        # French
        ("prenom", "name.given"),
        ("nom_de_famille", "name.family"),
        ("adresse", "contact.address.street"),
        ("date_naissance", "demographic.birth_date"),
        ("courriel", "contact.email"),
        # Spanish
        ("apellidos", "name.family"),
        ("correo", "contact.email"),
        ("telefono", "contact.phone"),
        ("fecha_nacimiento", "demographic.birth_date"),
        # Italian
        ("cognome", "name.family"),
        ("indirizzo", "contact.address.street"),
        ("codice_fiscale", "id.national"),
        # Dutch
        ("achternaam", "name.family"),
        ("geboortedatum", "demographic.birth_date"),
        ("woonplaats", "contact.address.city"),
        # Portuguese
        ("sobrenome", "name.family"),
        ("endereco", "contact.address.street"),
        ("data_nascimento", "demographic.birth_date"),
    ],
)
def test_abbreviations_and_languages(column, category):
    assert best(column) == category


LANGUAGES = {
    "name.given": "Rufname prénom primer_nombre nome_proprio primeiro_nome roepnaam imię pierwsze_imie etunimi jméno",
    "name.family": "Geburtsname nom_de_naissance primer_apellido cognome ultimo_nome familienaam nazwisko sukunimi",
    "name.full": "vollständiger_name nom_client nombre_y_apellidos nome_cognome naam_klant imie_i_nazwisko full_nm",
    "contact.email": "E-Mail-Adresse adresse_électronique correo_electronico posta_elettronica e_mailadres adres_e_mail",  # noqa: E501
    "contact.phone": "Rufnummer téléphone teléfono numero_di_telefono telemóvel gsm_nummer numer_telefonu tel_kom phone_nbr",  # noqa: E501
    "contact.address.street": "Anschrift voie domicilio residenza logradouro straatnaam adres_zamieszkania addr_ln_1",
    "contact.address.city": "Wohnort localité población città localidade woonplaats miejscowość cty_nm",
    "contact.address.postal_code": "PLZ code_postal cp CAP cep postcode kod_pocztowy zip_cd",
    "contact.address.country": "Land pays país nazione kraj cntry ctry country_code",
    "demographic.birth_date": "geb_dat date_de_naissance fecha_nac data_di_nascita dt_nasc geboortedatum data_urodzenia d_o_b",  # noqa: E501
    "demographic.gender": "Geschlecht sexe género genere gênero geslacht płeć gndr",
    "demographic.marital_status": "Familienstand état_civil estado_civil stato_civile burgerlijke_staat stan_cywilny",
    "demographic.nationality": "Staatsangehörigkeit nationalité nacionalidad cittadinanza nationaliteit obywatelstwo",
    "id.national": "Personalausweisnummer numero_securite_sociale dni cod_fiscale cpf burgerservicenummer nr_pesel soc_sec_no",  # noqa: E501
    "id.tax": "Steuer-ID numero_fiscal nif partita_iva numero_contribuinte btw_nummer nip tin",
    "id.passport": "Reisepassnummer numero_passeport num_pasaporte numero_passaporto paspoortnummer numer_paszportu",
    "finance.account": "Kontonummer compte_bancaire cuenta_bancaria conto_corrente conta_bancaria rekeningnummer numer_konta",  # noqa: E501
    "finance.card": "Kreditkartennummer carte_bancaire tarjeta_credito carta_di_credito cartao_credito numer_karty cc_num",  # noqa: E501
    "finance.income": "Gehalt salaire sueldo stipendio rendimento inkomen wynagrodzenie",
    "id.customer": "Kundennummer id_client codigo_cliente codice_cliente klantnummer numer_klienta cust_no",
    "id.employee": "Personalnummer matricule id_empleado id_dipendente personeelsnummer numer_pracownika emp_no",
    "credential.password": "Kennwort mot_de_passe contraseña parola_chiave palavra_passe wachtwoord hasło pass_hash",
    "employment.occupation": "Beruf fonction puesto mansione profissão functie stanowisko occptn",
    "employment.employer": "Arbeitgeber employeur empleador datore_di_lavoro empregador werkgever pracodawca",
    "health.condition": "Blutgruppe groupe_sanguin diagnóstico diagnosi doença bloedgroep choroba",
    "content.free_text": "Notizen remarques observaciones osservazioni comentarios opmerkingen uwagi",
}


@pytest.mark.parametrize(
    ("category", "name"), [(key, name) for key, names in LANGUAGES.items() for name in names.split()]
)
def test_names_in_eight_languages_and_more(category, name):
    assert best(name) == category


@pytest.mark.parametrize("name", ["incident_city", "cityIncident", "RESIDENT_CITY"])
def test_words_inside_words_are_left_alone(name):
    assert best(name) == "contact.address.city"


@pytest.mark.parametrize(
    ("name", "telling"),
    [
        ("author", True),
        ("Hull Description", True),
        ("column_7", False),
        ("c1", False),
        ("", False),
        ("Feld 3", False),
    ],
)
def test_names_that_mean_nothing_are_known(name, telling):
    assert is_telling(name) is telling


@pytest.mark.parametrize(
    ("table", "column", "category"),
    [
        ("customer", "name", "name.full"),
        ("public.customers", "Name", "name.full"),
        ("genre", "name", "none.operational"),
        ("track", "name", "none.operational"),
        ("products", "product_name", "none.operational"),
        ("employee", "title", "employment.occupation"),
        ("album", "title", "none.operational"),
        ("customer", "id", "id.customer"),
        ("album", "id", "none.operational"),
        ("invoice", "customer_id", "id.customer"),
        ("customer", "support_rep_id", "id.employee"),
        ("employee", "reports_to", "id.employee"),
        ("invoice_line", "track_id", "none.operational"),
        ("invoice", "billing_postal_code", "contact.address.postal_code"),
        ("users", "email_verified", ""),
        ("users", "created_by", ""),
        ("event", "email_template_id", "none.operational"),
    ],
)
def test_the_table_decides_what_ambiguous_names_mean(table, column, category):
    if category:
        assert best(column, table) == category
    else:
        assert not {item.category for item in judge_name(column, table=table)} & {
            "contact.email",
            "contact.address.city",
        }


@pytest.mark.parametrize(
    "column", ["title", "company", "total", "unit_price", "track_id", "quantity", "milliseconds"]
)
def test_these_are_no_direct_identifiers(column):
    found = {item.category.partition(".")[0] for item in judge_name(column, table="invoice_line")}
    assert found <= {"none", "employment", "finance"}


@pytest.mark.parametrize(
    "column", ["", " ", "___", "🎉", "x" * 100_000, "robert'); drop table--", "\x00\xff", "名前"]
)
def test_odd_names_do_no_harm(column):
    assert all(0 < item.weight <= 1 for item in judge_name(column))


def test_the_detail_is_a_sentence():
    (evidence,) = judge_name("Email", table="Customer")
    assert re.fullmatch(r"The name Email in Customer means “e-mail address”\.", evidence.detail)
