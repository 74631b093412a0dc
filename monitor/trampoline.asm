; The first instructions of a core that is started, or fenced: from real mode, at the start of the
; trampoline page, to its instance, or to rest. The monitor copies [trampoline, trampoline_end) there
; and fills in the parameters (trampoline.h). Sources: Intel SDM vol. 3, 9.4.4 (start-up), 10.8.5 (to
; long mode; from real mode directly, as all that 64-bit mode needs can be on before paging is).

global trampoline
global trampoline_end

%include "trampoline.inc"

CPUID_FEATURES equ 1                ; EBX 31:24: xAPIC ID
CPUID_TOPOLOGY equ 0x0b             ; EDX: x2APIC ID, if EBX is not 0

CR0_LONG  equ 0x80010011            ; PG, WP, ET, PE; caching on
CR4_PAE   equ 1 << 5
CR4_PGE   equ 1 << 7
MSR_EFER  equ 0xc0000080
EFER_LONG equ 1 << 8 | 1 << 11      ; LME, NXE

CODE_64 equ 8
DATA    equ 16

section .rodata
align 16
bits 16
trampoline:
    cli
    cld
    mov ax, cs
    mov ds, ax
    mov ss, ax
    movzx ebp, ax
    shl ebp, 4                      ; the page's address

    ; ESI: who am I?
    xor eax, eax
    cpuid
    mov edi, eax
    mov eax, CPUID_FEATURES
    cpuid
    mov esi, ebx
    shr esi, 24
    cmp edi, CPUID_TOPOLOGY
    jb .identified
    mov eax, CPUID_TOPOLOGY
    xor ecx, ecx
    cpuid
    test bx, bx
    jz .identified
    mov esi, edx
.identified:

    ; Only the core that is expected may go on, and only once. One that comes late rests.
    mov eax, esi
    mov ecx, TICKET_TAKEN
    lock cmpxchg [PARAMETER_TICKET], ecx
    jne .rest

    lea eax, [ebp + gdt - trampoline]
    mov [gdt_pointer - trampoline + 2], eax
    o32 lgdt [gdt_pointer - trampoline]
    lea eax, [ebp + long_mode - trampoline]
    mov [target - trampoline], eax
    mov eax, CR4_PAE
    mov cr4, eax
    mov eax, [PARAMETER_TABLES]
    mov cr3, eax
    mov ecx, MSR_EFER
    mov eax, EFER_LONG
    xor edx, edx
    wrmsr
    mov eax, CR0_LONG
    mov cr0, eax
    jmp far dword [target - trampoline]

.rest:
    mov [PARAMETER_RESTS], esi
.forever:
    hlt
    jmp .forever

bits 64
long_mode:
    mov eax, DATA
    mov ds, eax
    mov es, eax
    mov ss, eax
    mov ebp, ebp
    mov rax, [rbp + PARAMETER_PML4]
    mov rbx, [rbp + PARAMETER_ENTRY]
    mov rdi, [rbp + PARAMETER_ARGUMENT]
    mov rsp, [rbp + PARAMETER_STACK]
    mov cr3, rax
    mov rax, cr4                    ; after CR3: nothing of the trampoline becomes global
    or rax, CR4_PGE
    mov cr4, rax
    xor ebp, ebp                    ; ends the chain of stack frames
    jmp rbx

align 8
gdt:
    dq 0
    dq 0x00af9b000000ffff
    dq 0x00cf93000000ffff
gdt_pointer:
    dw $ - gdt - 1
    dd 0
target:
    dd 0
    dw CODE_64
trampoline_end:

section .note.GNU-stack noalloc noexec nowrite progbits
