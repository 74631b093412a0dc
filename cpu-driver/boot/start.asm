; From the boot loader's 32-bit protected mode to boot_main() in long mode.
; Sources: Multiboot2 Specification 2.0, 3.1 (header) and 3.3 (machine state); Intel SDM vol. 3,
; 9.8.5 (entering long mode).

extern boot_main
extern boot_refuse_32
global boot_entry
global boot_pml4

HEADER_MAGIC equ 0xe85250d6
LOADER_MAGIC equ 0x36d76289         ; in EAX on entry
STACK_BYTES  equ 16384

PTE_TABLE    equ 0x03               ; present, writable
PTE_2M       equ 0x83               ; and a large page

CPUID_EXTENDED  equ 0x80000000
CPUID_FEATURES  equ 0x80000001
CPUID_LONG_MODE equ 29              ; bit of EDX

CR4_PAE   equ 1 << 5
CR0_PG    equ 1 << 31
MSR_EFER  equ 0xc0000080
EFER_LME  equ 1 << 8

section .multiboot align=8
header:
    dd HEADER_MAGIC, 0, header_end - header
    dd 0x100000000 - (HEADER_MAGIC + (header_end - header))

    align 8                         ; modules begin on a page boundary
    dw 6, 0
    dd 8

    align 8                         ; consoles: EGA text mode is fine, none is required
    dw 4, 0
    dd 12, 2

    align 8                         ; the screen we would like; a machine without one will do
    dw 5, 1
    dd 20, 1024, 768, 32

    align 8                         ; end of tags
    dw 0, 0
    dd 8
header_end:

section .text
bits 32

; EAX: LOADER_MAGIC, EBX: the loader's information. Interrupts are off, segments are flat.
boot_entry:
    mov edi, eax
    rdtsc
    mov [entry_tsc], eax
    mov [entry_tsc + 4], edx
    mov esi, ebx
    mov esp, stack_end
    cld

    mov eax, not_multiboot2
    cmp edi, LOADER_MAGIC
    jne boot_refuse_32

    mov eax, CPUID_EXTENDED
    cpuid
    cmp eax, CPUID_FEATURES
    jb .no_long_mode
    mov eax, CPUID_FEATURES
    cpuid
    bt edx, CPUID_LONG_MODE
    jnc .no_long_mode

    ; The first 4 GiB, one to one, in pages of 2 MiB. The tables are zero.
    mov dword [boot_pml4], pdpt + PTE_TABLE
    mov eax, directories + PTE_TABLE
    xor ecx, ecx
.directory:
    mov [pdpt + ecx * 8], eax
    add eax, 4096
    inc ecx
    cmp ecx, 4
    jb .directory

    mov eax, PTE_2M
    xor ecx, ecx
.page:
    mov [directories + ecx * 8], eax
    add eax, 0x200000
    inc ecx
    cmp ecx, 4 * 512
    jb .page

    mov eax, CR4_PAE                ; all else off, whatever firmware left on: LA57 would be fatal
    mov cr4, eax
    mov eax, boot_pml4
    mov cr3, eax
    mov ecx, MSR_EFER
    rdmsr
    or eax, EFER_LME
    wrmsr
    mov eax, cr0
    or eax, CR0_PG
    mov cr0, eax
    lgdt [gdt_pointer]
    jmp CODE_64:long_mode

.no_long_mode:
    mov eax, no_long_mode
    jmp boot_refuse_32

bits 64
long_mode:
    mov eax, DATA
    mov ds, eax
    mov es, eax
    mov ss, eax
    xor eax, eax
    mov fs, eax
    mov gs, eax
    mov esp, stack_end
    mov edi, esi                    ; the upper half becomes zero
    mov rsi, [entry_tsc]
    xor ebp, ebp                    ; ends the chain of stack frames
    call boot_main                  ; does not return

section .rodata
not_multiboot2: db "Bulkhead cannot start: the boot loader did not use Multiboot2", 0
no_long_mode:   db "Bulkhead cannot start: the processor has no 64-bit mode", 0

align 8
gdt:
    dq 0
CODE_64 equ $ - gdt
    dq 0x00af9b000000ffff
DATA equ $ - gdt
    dq 0x00cf93000000ffff
gdt_pointer:
    dw $ - gdt - 1
    dd gdt

section .bss nobits alloc noexec write align=4096
boot_pml4:   resb 4096
pdpt:        resb 4096
directories: resb 4 * 4096
    resb STACK_BYTES
stack_end:
entry_tsc:   resq 1
