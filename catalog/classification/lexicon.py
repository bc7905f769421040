"""Words of column names in many languages and abbreviations, reduced to plain English ones.

Written by hand from the everyday vocabulary of databases. `KNOWN` are the words a run-together name such as
`agentmailingzipcode` may be split into.
"""

from __future__ import annotations

from catalog.classification.wordlists import fold, words

_SYNONYMS = """
first name: firstname fname forename givenname prenom prénom vorname voornaam prenome primeiro_nome primernombre rufname imie
family name: lastname lname surname familyname nachname familienname zuname achternaam cognome sobrenome apelido apellido apellidos
  nomdefamille nazwisko efternamn etternavn
middle name: middlename mname zwischenname tussenvoegsel segundonombre
full name: fullname displayname nomcomplet vollername nombrecompleto nomecompleto volledigenaam
first: given prenoms vornamen nombres
family: familie
name: nom naam nombre nome navn namn nimi nm
email: mail emails mails emailaddress mailaddress correo correoelectronico courriel courrier epost
phone: telephone tel telefon telefono teléfono telefoon telefone phonenumber telephonenumber telefonnummer telefoonnummer tlf
  telefonu puhelin phones tele telf
mobile: mobil cell cellphone cellular handy handynummer portable movil móvil celular celulare cellulare gsm mobiele mobilephone
fax: telefax faxnumber faxnummer
address: addr adr adresse adress adresa adres indirizzo direccion dirección endereco endereço morada anschrift domicilio domicile
  direcc addresse osoite adressen
street: str strasse straße straat rue calle rua ulica gata katu streetaddress addressline addr1 address1 line1 adresszeile
house: hausnummer hausnr huisnummer housenumber
city: town stadt ort wohnort ville commune ciudad citta città cidade stad woonplaats gemeente municipality municipio
  kommune miasto localidad localite comune suburb
region: province provincia provincie bundesland kanton canton departement departamento county prefecture comunidad estado regione
  regiao região borough
postal code: zip zipcode postalcode postcode plz postleitzahl codepostal cep codigopostal postnummer postnr kodpocztowy zip4
  zipplus4 eircode
country: pays pais país paese staat countryname countrycode
birth date: dob birthdate birthday dateofbirth geburtsdatum geburtstag gebdat geboortedatum datenaissance naissance fechanacimiento
  fechadenacimiento datadinascita datanascita datanascimento fodselsdato foedselsdato birthdt bdate
birth: born geburt geboren geboorte nacimiento nascita nascimento
age: alter edad eta età idade leeftijd
gender: sex geschlecht sexe sexo sesso geslacht genero género kon kjonn
nationality: nationalitat nationalität staatsangehorigkeit staatsangehörigkeit nationalite nacionalidad nazionalita nationaliteit
  nacionalidade citizenship
marital status: maritalstatus familienstand civilstatus situationfamiliale estadocivil statocivile burgerlijkestaat
education: schooling bildung educacion istruzione opleiding escolaridade escolaridad nivelescolaridad
ethnicity: ethnic ethnie etnia race raza raca raça rasse herkunft
religion: faith konfession religión religione religiao geloof creed
politics: party partei partito partido political
union: gewerkschaft syndicat sindicato vakbond
orientation: sexualorientation sexualitat
occupation: job jobtitle profession beruf metier métier puesto cargo lavoro professione beroep ocupacion ocupación profissao position
  profesion
employer: company arbeitgeber firma firm entreprise empresa azienda bedrijf employeur organisation organization societe
income: salary wage wages gehalt lohn einkommen salaire revenu salario sueldo ingresos stipendio reddito salaris inkomen renda
  payroll pay
customer: cust client klient kunde kunden klant cliente clientes
employee: emp mitarbeiter employe empleado dipendente medewerker funcionario staff personnel rep salesrep
supplier: lieferant fournisseur proveedor fornitore leverancier fornecedor
user: usr utilisateur usuario utente gebruiker benutzer anwender
username: userlogin loginname benutzername nomutilisateur nombreusuario login
account: acct konto compte cuenta conto rekening conta
patient: paciente paziente
person: persona personne individual resident citizen
number: no nr num nummer numero número numéro nbr
id: identifier key uid pk fk ident identificador identificativo kennung
code: kode codigo código
date: datum fecha dt
comment: comments remark remarks note notes bemerkung bemerkungen kommentar commentaire observacion observaciones opmerking
  observacao feedback
description: desc descr beschreibung descripcion descrizione omschrijving descricao
message: msg nachricht mensaje messaggio bericht mensagem body
social security: ssn socialsecurity sozialversicherungsnummer svnr nss sofi
national id: nationalid personnummer personnr bsn burgerservicenummer nie dni cpf pesel nir codicefiscale hetu cpr aadhaar aadhar
  idcard identitycard personalausweis ausweis cedula cédula rut curp nino nationalinsurance
tax: taxid steuernummer steuerid tin vat ustid nif iva siren siret
passport: reisepass passeport pasaporte passaporto paspoort passaporte
license: licence driverslicense drivinglicence fuhrerschein führerschein permis licencia patente rijbewijs
ip: ipaddress ipaddr ipv4 ipv6
mac: macaddress macaddr
url: website web homepage webpage uri weblink link href
user agent: useragent browser
cookie: session sessionid cookies
device: imei imsi udid idfa gaid adid
password: passwd pwd passwort motdepasse contrasena contraseña kennwort wachtwoord senha
token: apikey accesstoken secret refreshtoken
card: creditcard ccnumber cardnumber kreditkarte tarjeta pan
iban: iban
latitude: lat latitud latitudine breitengrad breedtegraad
longitude: lng lon longitud longitudine langengrad lengtegraad
coordinates: geo geolocation latlng latlong latlon coords coordenadas koordinaten geom geocode geocoded gps easting northing
diagnosis: diagnose diagnostic diagnostico diagnosi icd icd10 diagnoses
medical: health clinical gesundheit sante santé salud salute saude
condition: disease illness krankheit maladie enfermedad malattia ziekte doenca
price: preis prix precio prezzo prijs preco amount betrag montant importe importo bedrag cost kosten
quantity: qty menge quantite cantidad quantita aantal quantidade count
language: sprache langue idioma lingua taal
title: titel titre titulo título titolo
"""  # noqa: E501

# Names of several words, and words that mean more than one English one; matched with or without separators.
_PHRASES = """
first name: firstnm givenname givennames givennm rufname roepnaam nombrepila nombredepila nomeproprio primeironome imię pierwszeimie
  drugieimie förnamn fornavn etunimi jmeno křestnijmeno krstnemeno meno prenume isim keresztnev firstnam
family name: lastnm geburtsname mädchenname nomfamille nomdenaissance nomdusage nomusage primerapellido segundoapellido ultimonome
  nazwiskorodowe sukunimi prijmeni priezvisko soyad soyadi vezeteknev numefamilie surnm familienaam geboortenaam tussenvoegsel
full name: vollständigername nombreyapellido nombreyapellidos apellidosynombre apellidosynombres nomprenom nomprenoms nometprenom
  nomecognome nomeecognome cognomenome imieinazwisko imięnazwisko nazwiskoiimie vornamenachname naamvoorletters fullnm
contact name: ansprechpartner kontaktperson contactpersoon personadecontacto persona_contacto osobakontaktowa referente
email: adressemail adresseemail adresseelectronique adressecourriel emailadresse emailadres emailadr indirizzoemail postaelettronica
  enderecoemail correoelectronico adresemail adresemailowy sahkoposti sahkopostiosoite epostadresse epostadress eml mailaddr
phone: rufnummer numtel numtelephone numerotelephone numerodetelephone numerodetelefono numeroditelefono numerotelefono numerotelefone
  numerdetelefone numertelefonu nrtelefonu telefonni telefonnicislo puhelin puhelinnumero telno telnr telnummer phnum phno phonenbr
  telefonstacjonarny
mobile: mobiel mobielnummer telemovel komorka telefonkomorkowy telkom handynr mobilnummer mobilnr cellno mobileno celno gsmnummer
street: strassenname straßenname voie nomrue nomvoie logradouro straatnaam gatuadress katuosoite postadresse adresselinje
address: residenza residencia adreszamieszkania adreskorespondencyjny woonadres adresseligne1 ligneadresse wohnadresse meldeadresse
  hausanschrift postanschrift remoteadresse
street and number: strnr strassenr strasseundhausnummer strassehausnummer
house: numerdomu nrdomu numerovoie numerovia numerocivico husnummer
city: gemeinde gemeente localite localidade poblacion miejscowosc twn cty citynm ctynm kaupunki mesto kota oras sehir comuneresidenza
  ciudadresidencia lieuderesidence
birth place: geburtsort lieunaissance lieudenaissance lugarnacimiento luogonascita luogodinascita localnascimento naturalidade
  geboorteplaats miejsceurodzenia
postal code: codicepostale codicediavviamentopostale pcode postinumero codpostal zipcd zip5 postcd irsc kodpocztowy
country: nazione kraj cntry ctry maa zeme orszag ulke vlast pais landkode landcode isoland
region: distrito wojewodztwo powiat département stcd statecd provcd boro landkreis
birth date: gebdat gebdatum geburtsdat ddn datenaiss datedenaissance fechanac fnacimiento fechanacim dtnasc dtnascimento dataurodzenia
  dataur birthdt brthdt brthdate bthdt datumnarozeni syntymaaika dogumtarihi dob dteofbirth födelsedatum geboortedat datanasc
birth year: geburtsjahr anneenaissance anonacimiento annonascita anonascimento geboortejaar rokurodzenia yob
gender: plec gndr kön genero genere sukupuoli pohlavi cinsiyet sexcd gendercd
age: wiek ålder ika yas
marital status: etatcivil stancywilny situationmatrimoniale maritalsts maritalstat burgstaat
nationality: nationalite nazionalita cittadinanza obywatelstwo narodowosc staatsbuergerschaft staatsbürgerschaft narodnost ciudadania
national id: socsecno socsecnum socsecnr socialsecuritynumber numerosecuritesociale numsecu numsecusociale numerosecu codfiscale
  nifpersona rgnumero documentoidentidad numerodocumento numdocumento nrodocumento tipodocumentoid dowodosobisty numerdowodu
  nrdowodu numerdowoduosobistego cnp rodnecislo tckn tckimlikno egn emso oib hkid nric myid nationalinsuranceno nationalinsurancenumber
  sozialversicherungsnr rentenversicherungsnummer personalausweisnr dnie nrpesel numerpesel carteidentite cartaidentita cartaodecidadao
tax id: tin steuernummer steuernr steuerid steueridnr steueridentifikationsnummer numerofiscal nif nip partitaiva ustidnr btwnummer
  numerocontribuinte taxid taxno taxnr nrnip vatno vatnumber codiceiva idfiscal identificacionfiscal
passport: numerpaszportu paszport nrpaszportu passportno passnr reisepassnr passportnbr
driver license: fuhrerscheinnummer numeropermis permisconduire carnetdeconducir patentediguida numeropatente cartadeconducao
  cartaconducao rijbewijsnummer prawojazdy dlno dlnumber driverslicenceno
bank account: bankkonto kontonr kontonummer comptebancaire rib cuentabancaria numerocuenta numerocuentabancaria contocorrente
  contobancario contabancaria rekeningnummer banknummer numerkonta numerrachunku nrrachunku numerrachunkubankowego rachunekbankowy bankacctno
  bankacct clabe
card number: kreditkartennummer kreditkartennr numerocarte cartebancaire tarjetacredito tarjetadecredito numerotarjeta cartadicredito
  numerocarta cartaocredito cartaodecredito numerocartao creditcardnummer numerkarty ccnum ccno cardno creditcardno kortnummer
income: rendimento wynagrodzenie pensja zarobki dochod sal jahresgehalt monatsgehalt bruttogehalt nettogehalt salariobase palkka
  remuneration remuneracion retribuzione vencimento
customer id: kundennummer kundennr kundenid numeroclient idclient codeclient idcliente codigocliente codicecliente numerocliente
  klantnummer klantid numerklienta idklienta kundnummer
employee id: personalnummer personalnr persnr mitarbeiternummer mitarbeiternr matricule idemploye idempleado numeroempleado
  matricoladipendente iddipendente matricola idfuncionario personeelsnummer personeelsnr medewerkerid numerpracownika idpracownika
  anstallningsnummer legajo
username: nutzername identifiantutilisateur usernm usrname nomeutente nomeusuario nombredeusuario gebruikersnaam nazwauzytkownika
  nombreusuario nomdutilisateur loginid signin anvandarnamn
password: mdp claveacceso parolachiave palavrapasse haslo passhash passwordhash pwdhash salasana heslo parola losenord
occupation: stelle fonction mansione profissao functie zawod stanowisko occptn tätigkeit ammatti yrke
employer: empleador datoredilavoro empregador werkgever pracodawca emplr employernm
religion: religiao godsdienst wyznanie religia
ethnicity: etnicidad razza etniciteit pochodzenieetniczne racecd raceethnicity
diagnosis: diagnostico diagnoza choroba blutgruppe groupesanguin gruposanguineo grupposanguigno bloedgroep grupakrwi allergie
  alergias allergien vorerkrankungen antecedents medikation
health insurance number: krankenversicherungsnummer versichertennummer kvnr numeroassure tesserasanitaria cartaovital cartevitale
  tarjetasanitaria nuss polisnummer
comment: notizen notiz remarques comentarios notas osservazioni commenti observacoes opmerkingen uwagi komentarz komentarze anmerkung
  anmerkungen
ip: remoteaddr remoteip clientip srcip dstip adresseip adresip ipadres ipadresse ipadr direccionip indirizzoip enderecoip
latitude: breitengrad szerokoscgeograficzna
longitude: längengrad dlugoscgeograficzna
longevity: longevity
incident: incident
resident: resident
"""  # noqa: E501

# Too common in other senses to count inside a longer name.
WHOLE: dict[str, str] = {
    "land": "country",
    "cap": "postal code",
    "by": "city",
    "via": "street",
    "mi": "middle name",
    "long": "longitude",
    "ad": "first name",
    "cp": "postal code",
    "psc": "postal code",
    "nele": "birth date",
    "locality": "city",
    "rg": "national id",
    "utente": "username",
    "usuario": "username",
    "gsm": "mobile",
    "plaats": "city",
    "site": "url",
    "ci": "national id",
    "dl": "license",
}


def _read(text: str) -> dict[str, str]:
    """`plain: word word` by line, continued by an indent, as word → plain; words folded and without separators."""
    found: dict[str, str] = {}
    for line in text.replace("\n  ", " ").strip().splitlines():
        plain, _, words_of_it = line.partition(": ")
        found.update((fold(word).replace("_", ""), plain) for word in words_of_it.split())
    return found


SYNONYMS: dict[str, str] = _read(_SYNONYMS) | _read(_PHRASES)

# Words around the telling ones; known so that compounds split, and so that `microphone` does not.
_OTHERS = words(
    """agent mailing billing shipping delivery home work office business principal primary secondary
    contact owner manager principal public program residence location legal mother father maiden spouse
    parent guardian emergency nominee applicant candidate member student teacher doctor judge inspector
    driver victim suspect voter author subscriber visitor guest passenger recipient sender buyer seller
    beneficiary holder lead prospect officer representative attorney operator physician donor tenant
    landlord line track album genre artist media type product item order invoice playlist category file
    host domain table column schema model brand project event group team task status state total unit
    tax discount created updated deleted modified hire start end milliseconds bytes size length width
    height weight color colour price quantity rate score rank version year month day hour week time
    timestamp enabled active flag is has sku stock warehouse store shop department division branch bank
    swift bic currency street city region country phone mobile fax email address code number id date
    name first last middle family full birth age gender race marital nationality religion occupation
    employer income customer employee supplier user username account patient person comment description
    message text note content subject social security national passport license ip mac url cookie device
    password token card iban latitude longitude coordinates diagnosis condition title job union
    orientation politics education language company microphone headphone smartphone saxophone telephone
    gramophone xylophone filename hostname rename codename tablename columnname username nickname
    pathname percentage package message storage average usage image page stage manage usage language
    mortgage voltage coverage birthplace suffix prefix initial initials"""
)

KNOWN: frozenset[str] = _OTHERS | frozenset(word for word in SYNONYMS if len(word) >= 3)
