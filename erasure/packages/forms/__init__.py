"""The forms that one package has: for machines, for spreadsheets, to read and to keep."""
