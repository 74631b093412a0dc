# Makes the table of names that apps/shell/pci_names.h declares: awk -f this mk/pci-names.txt
# pci.ids. The format of pci.ids: a vendor's line is "VVVV  Name", its devices' "\tDDDD  Name",
# subsystems have two tabs; classes "C CC  Name", "\tSS  Name". All are sorted.

function quote(text) {
    gsub(/[^ -~]/, "?", text)
    gsub(/[\\"]/, "\\\\&", text)
    return "\"" text "\""
}

function entry(number, text) { printf "    { 0x%s, %s },\n", number, quote(text) }

function rest(line) { sub(/^\t*(C )?[0-9a-f]+  /, "", line); return line }

FNR == NR {
    if ($0 !~ /^#/ && NF >= 2) {
        pattern = $0
        sub(/^[^ ]+ /, "", pattern)
        wanted[$1] = wanted[$1] (wanted[$1] == "" ? "" : "|") pattern
    }
    next
}

/^#/ || /^$/ || /^\t\t/ { next }
/^C / {
    vendor = ""
    class = $2
    classes[++class_count] = "1" class "00" # PCI_NAME_BASE_CLASS
    class_name[class_count] = rest($0)
    next
}
/^\t/ && class != "" {
    classes[++class_count] = class $1
    class_name[class_count] = rest($0)
    next
}
/^\t/ {
    if (vendor in wanted && rest($0) ~ wanted[vendor]) {
        devices[++device_count] = vendor $1
        device_name[device_count] = rest($0)
    }
    next
}
{
    vendor = $1
    class = ""
    if (vendor in wanted) {
        vendors[++vendor_count] = vendor
        vendor_name[vendor_count] = rest($0)
    }
}

END {
    print "/* Made by tools/make-pci-names.awk from pci.ids. */"
    print "#include \"pci_names.h\"\n"
    print "const struct pci_name pci_vendor_names[] = {"
    for (i = 1; i <= vendor_count; i++) entry(vendors[i], vendor_name[i])
    print "};\nconst size_t pci_vendor_names_count = sizeof pci_vendor_names / sizeof pci_vendor_names[0];\n"
    print "const struct pci_name pci_device_names[] = {"
    for (i = 1; i <= device_count; i++) entry(devices[i], device_name[i])
    print "};\nconst size_t pci_device_names_count = sizeof pci_device_names / sizeof pci_device_names[0];\n"
    print "const struct pci_name pci_class_names[] = {"
    for (i = 1; i <= class_count; i++) entry(classes[i], class_name[i])
    print "};\nconst size_t pci_class_names_count = sizeof pci_class_names / sizeof pci_class_names[0];"
}
