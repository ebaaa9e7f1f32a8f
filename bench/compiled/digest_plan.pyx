# cython: language_level=3, boundscheck=False, wraparound=False
"""The generated code of a digest as a compiled program: a plan of fields that is run over a typed decode, into one
buffer of bytes. Only for items that have every attribute of the shape."""

import binascii

from cpython.bytes cimport PyBytes_AS_STRING, PyBytes_FromStringAndSize, PyBytes_GET_SIZE
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from libc.string cimport memcpy

from dynasmith.items.canonical import CANONICAL, known_members, known_numbers, long_number
from dynasmith.items.digest import new_hash

cdef extern from "Python.h":
    const char* PyUnicode_AsUTF8AndSize(object, Py_ssize_t*) except NULL

cdef enum:
    GENERAL, TEXT, NUMBER, BINARY, BOOLEAN, NUMBERS, TEXTS, MAP, TEXT_SET

KINDS = {"S": TEXT, "N": NUMBER, "B": BINARY, "BOOL": BOOLEAN, "SS": TEXT_SET}


cdef class Field:
    cdef bytes prefix
    cdef str attribute
    cdef int kind
    cdef object general
    cdef list inner


cdef class Plan:
    cdef list fields
    cdef char* buffer
    cdef Py_ssize_t size, at

    def __init__(self, shape):
        self.fields = planned(shape)

    def __dealloc__(self):
        PyMem_Free(self.buffer)

    def __call__(self, struct):
        self.at = 0
        self.put_map(self.fields, struct)
        hasher = new_hash()
        hasher.update(PyBytes_FromStringAndSize(self.buffer, self.at))
        return hasher.digest()

    cdef int put_map(self, list fields, object struct) except -1:
        cdef Field field
        for field in fields:
            self.put_bytes(field.prefix)
            self.put(field, getattr(getattr(struct, field.attribute), "v"))
        return 0

    cdef int put(self, Field field, object content) except -1:
        cdef Py_ssize_t mark = self.at
        if field.kind == TEXT:
            return self.put_text(content)
        if field.kind == NUMBER:
            return self.put_number(content)
        if field.kind == BINARY:
            binary = binascii.a2b_base64(content, strict_mode=True)
            self.head(b"B", len(binary))
            return self.put_bytes(binary)
        if field.kind == BOOLEAN:
            return self.put_raw("T\0\0\0\1\1" if content else "T\0\0\0\1\0", 6)
        if field.kind == NUMBERS or field.kind == TEXTS:
            self.head(b"L", 0)
            for member in <list>content:
                if field.kind == NUMBERS:
                    self.put_number(member.v)
                else:
                    self.put_text(member.v)
            return self.set_size(mark)
        if field.kind == MAP:
            self.head(b"M", 0)
            self.put_map(field.inner, content)
            return self.set_size(mark)
        if field.kind == TEXT_SET:
            self.head(b"s", 0)
            for member in sorted({known_members(each) for each in <list>content}):
                self.put_bytes(member)
            return self.set_size(mark)
        return self.put_bytes(field.general(content))

    cdef int put_text(self, str content) except -1:
        cdef Py_ssize_t size
        cdef const char* utf8 = PyUnicode_AsUTF8AndSize(content, &size)
        self.head(b"S", size)
        return self.put_raw(utf8, size)

    cdef int put_number(self, str content) except -1:
        cdef Py_ssize_t size, place
        cdef const char* utf8 = PyUnicode_AsUTF8AndSize(content, &size)
        cdef bint plain = 0 < size < 64 and utf8[0] != b"0" and utf8[size - 1] != b"0"
        for place in range(size):
            plain = plain and b"0" <= utf8[place] <= b"9"
        if plain:
            self.head(b"N", size + 2)
            self.put_raw(utf8, size)
            return self.put_raw("E0", 2)
        return self.put_bytes(known_numbers(content) if size <= 5 or "." in content else long_number(content))

    cdef int put_bytes(self, bytes content) except -1:
        return self.put_raw(PyBytes_AS_STRING(content), PyBytes_GET_SIZE(content))

    cdef int put_raw(self, const char* content, Py_ssize_t size) except -1:
        self.room(size)
        memcpy(self.buffer + self.at, content, size)
        self.at += size
        return 0

    cdef int head(self, char tag, Py_ssize_t size) except -1:
        self.room(5)
        self.buffer[self.at] = tag
        self.at += 5
        self.write_size(self.at - 4, size)
        return 0

    cdef int set_size(self, Py_ssize_t mark) except -1:
        self.write_size(mark + 1, self.at - mark - 5)
        return 0

    cdef void write_size(self, Py_ssize_t at, Py_ssize_t size) noexcept:
        cdef int place
        for place in range(4):
            self.buffer[at + place] = (size >> (24 - 8 * place)) & 255

    cdef int room(self, Py_ssize_t size) except -1:
        cdef char* larger
        if self.at + size > self.size:
            larger = <char*>PyMem_Realloc(self.buffer, (self.at + size) * 2)
            if larger is NULL:
                raise MemoryError
            self.buffer, self.size = larger, (self.at + size) * 2
        return 0


cdef list planned(shape):
    cdef Field field
    fields = []
    for attribute, name, tag, known in sorted(shape.known(), key=lambda known: known[1]):
        if not shape.required(known):
            raise ValueError(f"{name} is not in every item")
        utf8 = name.encode()
        field = Field()
        field.prefix = len(utf8).to_bytes(4, "big") + utf8
        field.attribute = attribute
        field.kind = KINDS.get(tag, GENERAL)
        if tag == "L" and known.member in ("N", "S"):
            field.kind = NUMBERS if known.member == "N" else TEXTS
        if tag == "M":
            field.kind, field.inner = MAP, planned(known.inner)
        field.general = CANONICAL[tag]
        fields.append(field)
    return fields
